/** What a number may be. */
export interface Range {
  readonly above?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly oneOf?: readonly number[];
}

/** What predictions and targets of an element-wise loss may be. */
export interface Domain {
  readonly predictions?: Range;
  readonly targets?: Range;
  /** What looks for others, which the call then refuses. Without it they give NaN. */
  readonly check?: keyof typeof CHECKS;
}

/**
 * Of numbers p and t, in JavaScript: `true` of what a call refuses. NaN is refused nowhere: it gives NaN. In AssemblyScript they
 * are the classes of assembly/elementwise/checks.ts, with a capital letter.
 */
export const CHECKS = {
  signs: "Math.abs(t) !== 1 && !Number.isNaN(t)",
  shares: "t < 0 || t > 1",
  probabilities: "t < 0 || t > 1 || p < 0 || p > 1",
  counts: "t < 0",
} as const;

const SHARE = { atLeast: 0, atMost: 1 } as const;
const POSITIVE = { atLeast: 0 } as const;

export const DOMAINS = {
  anything: {},
  /** Of logarithms of 1 + x. */
  aboveMinusOne: { predictions: { above: -1 }, targets: { above: -1 } },
  signs: { targets: { oneOf: [-1, 1] }, check: "signs" },
  shares: { targets: SHARE, check: "shares" },
  probabilities: { predictions: SHARE, targets: SHARE, check: "probabilities" },
  counts: { targets: POSITIVE, check: "counts" },
  rates: { predictions: POSITIVE, targets: POSITIVE, check: "counts" },
} as const satisfies Readonly<Record<string, Domain>>;

export function domainOf(loss: { readonly domain?: keyof typeof DOMAINS }): Domain {
  return DOMAINS[loss.domain ?? "anything"];
}
