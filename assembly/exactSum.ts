// Adds float64 values exactly: by exponent, the upper 21 bits of the significand into one bin and the lower 32 into
// another. A bin holds multiples of one power of two, so that its additions are exact for 2^20 values.

const HIGH: i64 = 0xffffffff00000000;
/** Byte distance from an exponent's upper bin to its lower one: 2048 exponents. */
const LOWER: usize = 16384;
/** From this exponent on, a bin holds values divided by 2^64, lest 2^20 of them overflow. */
const HUGE_EXPONENT = 2000;
const DOWN_64: f64 = 5.421010862427522e-20;

// @ts-ignore: decorator
@inline function add(value: f64, bins: usize): void {
  let x = value;
  const exponent = <i32>(reinterpret<i64>(x) >> 52) & 2047, bin = bins + (<usize>exponent << 3);
  if (exponent >= HUGE_EXPONENT) {
    if (exponent == 2047) {
      store<f64>(bin, load<f64>(bin) + x);
      return;
    }
    x *= DOWN_64;
  }
  const upper = reinterpret<f64>(reinterpret<i64>(x) & HIGH);
  store<f64>(bin, load<f64>(bin) + upper);
  store<f64>(bin, load<f64>(bin, LOWER) + (x - upper), LOWER);
}

/** Both halves of x, scaled first where it is huge: by a call of itself, lest the compiler write it out at each of 30 places. */
function put(x: f64, bin: usize, huge: bool): void {
  if (huge) {
    put(x * DOWN_64, bin, false);
    return;
  }
  const upper = reinterpret<f64>(reinterpret<i64>(x) & HIGH);
  store<f64>(bin, load<f64>(bin) + upper);
  store<f64>(bin, load<f64>(bin, LOWER) + (x - upper), LOWER);
}

/** `add` for those that seldom do. */
export function addToBins(x: f64, bins: usize): void {
  const exponent = <i32>(reinterpret<i64>(x) >> 52) & 2047, bin = bins + (<usize>exponent << 3);
  if (exponent == 2047) store<f64>(bin, load<f64>(bin) + x);
  else put(x, bin, exponent >= HUGE_EXPONENT);
}

export function addExactly(begin: i32, end: i32, values: usize, bins: usize): void {
  for (let i = begin; i < end; i++) add(load<f64>(values + (<usize>i << 3)), bins);
}
