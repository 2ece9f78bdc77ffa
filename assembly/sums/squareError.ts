/** What rounding took from x^2 (Dekker); `splitter` is 2^27 + 1. The operations are those of src/numeric/products.ts. */
@inline export function squareError(x: v128, square: v128, splitter: v128): v128 {
  const c = f64x2.mul(splitter, x);
  const upper = f64x2.sub(c, f64x2.sub(c, x));
  const lower = f64x2.sub(x, upper);
  const half = f64x2.mul(upper, lower);
  return f64x2.sub(
    f64x2.mul(lower, lower),
    f64x2.sub(f64x2.sub(square, f64x2.mul(upper, upper)), f64x2.add(half, half)),
  );
}
