import { ExactTotal } from "../../numeric/exactTotal.ts";
import { ProductTotal } from "../../numeric/productTotal.ts";
import type { Coverage } from "../coverage.ts";
import { Groups } from "../groups.ts";
import { Highest, type Placed } from "../highest.ts";
import { LossSizes } from "../percentiles.ts";
import { tooManyGroups } from "../totals.ts";
import type { ComparedBy } from "./comparisonOptions.ts";

/** Counts of rows that count. `labelled` are those with a label: all, or none. The four that follow are of these. */
export const COMPARED_COUNTS = [
  "rows",
  "counted",
  "nonFinite",
  "sameTop",
  "labelled",
  "both",
  "onlyBase",
  "onlyOther",
] as const;

/** Exact sums: of losses, of divergences, of changes c of the target's probability; and of products of two of these. */
export const COMPARED_SUMS = ["divergence", "base", "other", "change"] as const;
export const COMPARED_PRODUCTS = [
  "divergenceSquare",
  "baseSquare",
  "otherSquare",
  "baseOther",
  "changeSquare",
  // of c^2, rounded
  "changeFourth",
] as const;
/** What is there without labels, too. */
export const UNLABELLED: readonly string[] = ["divergence", "divergenceSquare"];

/** Values whose percentiles are asked for: divergences, changes, and losses of the other less those of the base. */
export const COMPARED_SIZES = ["divergences", "changes", "differences"] as const;

/** Values that standard errors are clustered by groups of: divergences, and losses of the other less those of the base. */
export const COMPARED_GROUPS = ["divergence", "difference"] as const;

/** A row of a list, with the classes of both maxima (-1 where there is none) and both losses. */
export interface ComparedRow extends Placed {
  /** Positions of a sequence, where labels are those of the next position; else 0. */
  readonly positions: number;
  readonly label: number;
  readonly basePredicted: number;
  readonly otherPredicted: number;
  readonly base: number;
  readonly other: number;
}

/** Everything that was added up. */
export type ComparisonTotals = {
  readonly options: ComparedBy;
  coverage: Coverage;
  /** Sums of each group of rows, where rows were added with groups. */
  groups: Record<(typeof COMPARED_GROUPS)[number], Groups> | null;
  /** Those whose loss grew most, and those whose loss fell most. */
  worse: Highest<ComparedRow>;
  better: Highest<ComparedRow>;
} & Record<(typeof COMPARED_COUNTS)[number], number> & {
    readonly [K in (typeof COMPARED_SUMS)[number]]: ExactTotal;
  } & { readonly [K in (typeof COMPARED_PRODUCTS)[number]]: ProductTotal } & {
    readonly [K in (typeof COMPARED_SIZES)[number]]: LossSizes;
  };

/** A record with something for each name. */
export const each = <K extends string, T>(names: readonly K[], make: () => T) =>
  Object.fromEntries(names.map((name) => [name, make()])) as Record<K, T>;

export const createGroups = () => each(COMPARED_GROUPS, () => new Groups());

export function createComparisonTotals(options: ComparedBy): ComparisonTotals {
  return {
    options,
    coverage: null,
    groups: null,
    worse: new Highest<ComparedRow>(options.worst, ({ base, other }) => other - base),
    better: new Highest<ComparedRow>(options.worst, ({ base, other }) => base - other),
    ...each(COMPARED_COUNTS, () => 0),
    ...each(COMPARED_SUMS, () => new ExactTotal()),
    ...each(COMPARED_PRODUCTS, () => new ProductTotal()),
    ...each(COMPARED_SIZES, () => new LossSizes()),
  };
}

/** Adds totals of the same options; their coverage is not this one's. */
export function addComparisonTotals(to: ComparisonTotals, from: ComparisonTotals): void {
  for (const name of COMPARED_COUNTS) to[name] += from[name];
  for (const name of [...COMPARED_SUMS, ...COMPARED_PRODUCTS]) to[name].addTotal(from[name]);
  for (const name of COMPARED_SIZES) to[name].merge(from[name]);
  if (from.groups !== null) {
    to.groups ??= createGroups();
    for (const name of COMPARED_GROUPS) to.groups[name].merge(from.groups[name], tooManyGroups);
  }
  to.worse.merge(from.worse);
  to.better.merge(from.better);
}
