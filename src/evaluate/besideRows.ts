import { checkLength, labelsOf } from "../check.ts";
import type { IntegerArray, LabelArray } from "../dtype.ts";
import type { TensorLike } from "../tensorLike.ts";
import type { Coverage } from "./coverage.ts";
import { addGroups, Groups, tooManyGroups } from "./groups.ts";
import { maskOf } from "./scoredLabels.ts";

/** What rows of any evaluation may come with. */
export interface BesideOptions {
  /** What the rows come from, a file's name: messages begin with it and count rows from the first one that was added. */
  source?: string | undefined;
  /** Integers or booleans, one a row: rows of 0 or false count for nothing, and their labels or targets may be anything. */
  mask?: LabelArray | TensorLike | readonly boolean[] | undefined;
  /**
   * Integers, one a row: rows of one group may go together, so that standard errors are clustered by it. At most 2^20 groups; they
   * go with every add, or with none.
   */
  groups?: LabelArray | TensorLike | undefined;
}

/** A mask and groups of the rows at hand. */
export interface BesideRows {
  readonly mask: ArrayLike<unknown> | undefined;
  readonly groups: IntegerArray | null;
}

/** What rows of one prediction came with, and which of which files they are. */
export interface BesideTotals {
  coverage: Coverage;
  /** Rows that a mask left out; nothing else counts them. */
  ignored: number;
  /** Sums of the groups of the other rows, where rows were added with groups. */
  groups: Groups | null;
}

/** A mask and groups as they were given: to be read first, as reading elements of a plain array may do anything. */
export function besideRowsOf(name: string, { mask, groups }: Pick<BesideOptions, "mask" | "groups">): BesideRows {
  return {
    groups: groups === undefined ? null : labelsOf(name, groups, "groups"),
    mask: mask === undefined ? undefined : maskOf(name, mask),
  };
}

/** Refuses what is not given with every add, or with none. */
export function checkAllOrNone(name: string, what: string, isGiven: boolean, wasGiven: boolean): void {
  if (isGiven === wasGiven) return;
  throw new TypeError(
    `${name}: ${what} must go with every add or with none, but ${isGiven ? "earlier ones had none" : "is missing"}`,
  );
}

/** Refuses groups of more rows that count, `counts(i)`, than can be told apart together with those so far. */
export function checkGroupCount(
  name: string,
  groups: IntegerArray,
  known: Groups | null,
  counts: (i: number) => boolean,
): void {
  (known ?? new Groups()).checkCount(groups, counts, () => tooManyGroups(`${name}: `));
}

/** Refuses a mask and groups that don't go with so many predictions; `before` rows were added to the totals. */
export function checkBesideRows(
  name: string,
  { mask, groups }: BesideRows,
  predictions: number,
  totals: BesideTotals,
  before: number,
): void {
  if (predictions > 0 && before > 0) {
    checkAllOrNone(name, "groups", groups !== null, totals.groups !== null);
  }
  if (mask !== undefined) checkLength(name, "mask", mask.length, predictions, "predictions");
  if (groups === null) return;
  checkLength(name, "groups", groups.length, predictions, "predictions");
  checkGroupCount(name, groups, totals.groups, (i) => mask === undefined || Boolean(mask[i]));
}

/** Opens groups with the first rows that come with some; where no rows do, too: what there is of none tells which figures there are. */
export function openGroups(
  totals: Pick<BesideTotals, "groups">,
  groups: IntegerArray | null,
  rows: number,
  before: number,
  ofSquares = false,
): void {
  if (before === 0 && (rows > 0 || groups !== null)) totals.groups = groups === null ? null : new Groups(ofSquares);
}

/** Adds what rows came with; their coverage is not added. */
export function addBesideTotals(to: BesideTotals, from: BesideTotals): void {
  to.ignored += from.ignored;
  addGroups(to, from.groups);
}
