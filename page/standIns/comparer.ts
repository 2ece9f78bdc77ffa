import type { RowComparer as Whole } from "../../src/evaluate/comparison/comparer.ts";

export type { ModelComparison } from "../../src/evaluate/comparison/comparer.ts";

/** What compares models is loaded when models are compared: wholeComparer.ts puts it here. */
export let RowComparer: typeof Whole;

export function useComparer(whole: typeof Whole): void {
  RowComparer = whole;
}
