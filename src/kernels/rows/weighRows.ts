import type { FloatArray } from "../../dtype.ts";

/** out = values times the weight of their row over `unit`; 0 where the weight is 0, whatever stands there. */
export function weighRows(
  begin: number,
  end: number,
  values: FloatArray,
  sampleWeight: FloatArray,
  out: FloatArray,
  classes: number,
  unit: number,
): void {
  for (let i = begin; i < end; i++) {
    const weight = sampleWeight[i];
    const to = (i + 1) * classes;
    const factor = out instanceof Float32Array ? Math.fround(weight / unit) : weight / unit;
    if (weight === 0) out.fill(0, i * classes, to);
    else for (let j = i * classes; j < to; j++) out[j] = values[j] * factor;
  }
}
