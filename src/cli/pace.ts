import { compact } from "./text.ts";

/** How far some work is. */
export interface Reached {
  readonly done: number;
  readonly total: number;
  /** What is counted: `logits`. */
  readonly unit: string;
}

/** How fast it goes, and how long it takes yet, as text. */
export function paceOf({ done, total, unit }: Reached, milliseconds: number): { rate: string; left: string } {
  const rate = done / (milliseconds / 1000);
  const seconds = Math.ceil((total - done) / rate);
  return {
    rate: `${compact(rate)} ${unit}/s`,
    left: seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`,
  };
}
