import type { MeasuredCase, Timed } from "../workers/measure.ts";

export const three = (value: number) => Number(value.toPrecision(3)).toString();

/** Milliseconds a call, and how many times as fast as the loop that is. */
export function textOf({ time, ratio, missing }: Timed): string {
  if (time === undefined) return missing ?? "";
  return ratio === undefined ? three(time.median) : `${three(time.median)} (${three(ratio.median)}x)`;
}

export const namesOf = (cases: readonly MeasuredCase[]) => cases[0].ways.map(({ name }) => name);
