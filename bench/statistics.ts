/** What repeated measurements come to. */
export interface Spread {
  readonly median: number;
  /** First and third. */
  readonly quartiles: readonly [number, number];
}

/** The value below which a share of them lies, in between two where it falls there. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
}

/** this / other, round by round: what slows both down within a round is no part of it. */
export function ratioOf(these: readonly number[], others: readonly number[]): Spread {
  return spreadOf(these.map((time, round) => time / others[round]));
}
