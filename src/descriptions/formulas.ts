import type { NumericOption } from "./options.ts";

// What formulas of several element-wise losses have in common.

export const BINARY_OPTIONS: readonly NumericOption[] = [
  { name: "posWeight", default: 1, atLeast: 0 },
  { name: "labelSmoothing", default: 0, atLeast: 0, atMost: 1 },
];
export const BINARY_CONSTANTS =
  "const kept = round(1 - labelSmoothingOption); const half = round(labelSmoothingOption / 2);";
export const BINARY_TERMS =
  "const y = round(posWeight * round(round(t * kept) + half)); const w = round(round(round(1 - t) * kept) + half);";

/** ln(1 + e^p) and ln(1 + e^-p), with e = e^-|p|. */
export const SOFTPLUS = `const e = decayF32(p); const tail = log1pUnitF32(e);
  const of0 = round((p < 0 ? 0 : p) + tail); const of1 = round((p > 0 ? 0 : -p) + tail);`;

/** The slope of a target's own loss, `of`, without the power that damps it. */
export const focalRise = (x: string, other: string, of: string) =>
  `round(logisticOfF32(${other}, e) + round(gamma * timesF32(logisticOfF32(${x}, e), ${of})))`;

export const FULL: readonly NumericOption[] = [{ name: "full", default: 0, flag: true }];
export const STIRLING_CONSTANT = "const normal = round(0.9189385332046727);";
export const STIRLING = "(full !== 0 && t > 1 ? round(round(round(round(t + 0.5) * lnF32(t)) - t) + normal) : 0)";
