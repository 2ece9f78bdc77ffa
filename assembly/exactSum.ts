// Adds float64 values exactly: by exponent, the upper 21 bits of the significand into one bin and the lower 32 into
// another. A bin holds multiples of one power of two, so that its additions are exact for 2^20 values.

const HIGH: i64 = 0xffffffff00000000;
/** Byte distance from an exponent's upper bin to its lower one: 2048 exponents. */
const LOWER: usize = 16384;
/** From this exponent on, a bin holds values divided by 2^64, lest 2^20 of them overflow. */
const HUGE_EXPONENT = 2000;
const DOWN_64: f64 = 5.421010862427522e-20;

// @ts-ignore: decorator
@inline export function addToBins(value: f64, bins: usize): void {
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

export function addExactly(begin: i32, end: i32, values: usize, bins: usize): void {
  for (let i = begin; i < end; i++) addToBins(load<f64>(values + (<usize>i << 3)), bins);
}
