/** 50257 -> 50,257 */
export const grouped = (value: number): string => value.toLocaleString("en-US");

/** Three digits, without an exponent where it is easily read without. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 10_000 && Math.abs(rounded) < 1e15 ? grouped(rounded) : String(rounded);
}

/** `1 row`, `2,000 rows`. */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(n)} ${n === 1 ? noun : plural}`;
}
