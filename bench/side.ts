import type { Outcome } from "./results.ts";
import type { Slice } from "./sampling.ts";

/** Checked and warm candidates, and a sentence each on what could not be had. */
export interface Prepared {
  readonly outcomes: readonly Outcome[];
  readonly notes: readonly string[];
}

/** A process in which some candidates of a case run. */
export interface Side {
  /** Resolves when all results are checked; to be called first, and once. */
  checked(): Promise<unknown>;
  /** Warms up what is to be timed, and tells what that is. */
  prepare(): Promise<Prepared>;
  /** Times one of those outcomes for so many ms. */
  slice(outcome: number, time: number): Promise<Slice>;
  end(): void;
}
