// Rows times a weight each.

import { splat, storePart } from "../lanes";

/** out = values times the weight of their row over `unit`; 0 where the weight is 0, whatever stands there. */
export function weighRows<T>(
  begin: i32,
  end: i32,
  values: usize,
  sampleWeight: usize,
  out: usize,
  classes: i32,
  unit: f64,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const weight = <f64>load<T>(sampleWeight + <usize>i * sizeof<T>());
    const from = values + <usize>i * bytes;
    const to = out + <usize>i * bytes;
    if (weight == 0) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const factor = splat<T>(weight / unit);
    const whole = bytes & ~15;
    for (let at: usize = 0; at < whole; at += 16) v128.store(to + at, v128.mul<T>(v128.load(from + at), factor));
    if (bytes > whole) storePart<T>(to + whole, v128.mul<T>(v128.load(from + whole), factor), bytes - whole);
  }
}
