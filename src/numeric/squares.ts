import { highWord, withHighWord } from "./bits.ts";
import { productError } from "./products.ts";

/** What rounding took from x * x, 0 where it can't be had. */
export function squareError(x: number, square: number): number {
  const error = productError(x, x, square);
  return error - error === 0 ? error : 0;
}

/** 1.5 x 2^11 times the power of two of `top`: adding it and taking it away rounds values up to `top` to their upper 43 bits. */
export function rounderOf(top: number): number {
  return withHighWord(0, (highWord(top) & 0x7ff00000) + 0x00b80000);
}
