import type { CrossEntropyInput } from "../../api/crossEntropyOptions.ts";
import { checkChoice, checkInteger, checkOptions, INT32_MAX } from "../../check.ts";
import { INPUTS, MAXIMAL_CLASSES, MAXIMAL_WORST } from "../evaluatorOptions.ts";

/** Options of comparison(). */
export interface ComparisonOptions {
  /** Length of a row, 1 to 2^24. */
  classes: number;
  /** What the rows of both models hold, as of crossEntropy; default `logits`. */
  input?: CrossEntropyInput | undefined;
  /** Rows with this label count for nothing; default -100. */
  ignoreIndex?: number | undefined;
  /** So many rows whose loss grew most are listed, and as many whose loss fell most; default 0, at most 1000. */
  worst?: number | undefined;
}

/** Options, checked and as a state holds them. */
export interface ComparedBy {
  readonly classes: number;
  readonly input: CrossEntropyInput;
  readonly ignoreIndex: number;
  readonly worst: number;
}

const KNOWN = ["classes", "input", "ignoreIndex", "worst"];

export function checkComparisonOptions(name: string, options: ComparisonOptions): ComparedBy {
  checkOptions(name, options, KNOWN);
  const { classes, input = "logits", ignoreIndex = -100, worst = 0 } = options;
  checkInteger(name, "classes", classes, 1, MAXIMAL_CLASSES);
  checkChoice(name, "input", input, INPUTS);
  checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
  checkInteger(name, "worst", worst, 0, MAXIMAL_WORST);
  return { classes, input, ignoreIndex, worst };
}

/** What two lists of options differ in, in words; null if in nothing. */
export function comparisonDifference(a: ComparedBy, b: ComparedBy): string | null {
  const key = (["classes", "input", "ignoreIndex", "worst"] as const).find((it) => a[it] !== b[it]);
  return key === undefined ? null : `${key} ${JSON.stringify(a[key])}, but ${JSON.stringify(b[key])} is that of`;
}
