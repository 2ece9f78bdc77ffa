import {
  BASE_LOSS,
  BASE_TOP,
  CHANGE,
  COMPARED,
  COUNTED,
  DISTANCE,
  DIVERGENCE,
  OTHER_LOSS,
  OTHER_TOP,
} from "../../descriptions/record.ts";
import type { IntegerArray } from "../../dtype.ts";
import { tooManyGroups } from "../totals.ts";
import type { ComparisonTotals } from "./comparisonTotals.ts";
import type { RecordSums } from "./recordSums.ts";

/** What rows at hand come with. */
export interface Beside {
  /** Null where rows have none. */
  readonly labels: IntegerArray | null;
  readonly groups: IntegerArray | null;
  /** The first row's number, and positions of a sequence, 0 where there are none. */
  readonly first: number;
  readonly positions: number;
}

/** Adds what is kept of n rows. */
export function addRecords(
  totals: ComparisonTotals,
  sums: RecordSums,
  records: Float64Array,
  n: number,
  beside: Beside,
): void {
  const { labels } = beside;
  const { divergence, base, other, change } = sums.values;
  for (let i = 0, at = 0; i < n; i++, at += COMPARED) {
    if (records[at + COUNTED] === 0) continue;
    totals.counted++;
    const to = sums.next();
    divergence[to] = records[at + DIVERGENCE];
    const top = records[at + BASE_TOP];
    const otherTop = records[at + OTHER_TOP];
    if (top === otherTop && top >= 0) totals.sameTop++;
    const distance = records[at + DISTANCE];
    if (distance - distance !== 0) totals.nonFinite++;
    if (labels === null) continue;
    totals.labelled++;
    const label = Number(labels[i]);
    const isOtherRight = otherTop === label;
    if (top === label) {
      if (isOtherRight) totals.both++;
      else totals.onlyBase++;
    } else if (isOtherRight) totals.onlyOther++;
    base[to] = records[at + BASE_LOSS];
    other[to] = records[at + OTHER_LOSS];
    change[to] = records[at + CHANGE];
  }
  if (labels !== null && totals.options.worst > 0) list(totals, records, n, labels, beside);
  if (beside.groups !== null && totals.groups !== null)
    addGroups(totals.groups, records, n, beside.groups, labels !== null);
}

/** Adds rows to the lists that want them. */
function list(
  { worse, better }: ComparisonTotals,
  records: Float64Array,
  n: number,
  labels: IntegerArray,
  { first, positions }: Beside,
): void {
  for (let i = 0, at = 0; i < n; i++, at += COMPARED) {
    const [base, other] = [records[at + BASE_LOSS], records[at + OTHER_LOSS]];
    if (records[at + COUNTED] === 0 || (!worse.wants(other - base) && !better.wants(base - other))) continue;
    const row = {
      source: "",
      row: first + i,
      positions,
      label: Number(labels[i]),
      basePredicted: records[at + BASE_TOP],
      otherPredicted: records[at + OTHER_TOP],
      base,
      other,
    };
    worse.add(row);
    better.add(row);
  }
}

/** Adds rows to their groups: a loss of the other and one of the base make a difference. */
function addGroups(
  groups: NonNullable<ComparisonTotals["groups"]>,
  records: Float64Array,
  n: number,
  ids: IntegerArray,
  isLabelled: boolean,
): void {
  const { divergence, difference } = groups;
  for (let i = 0, at = 0; i < n; i++, at += COMPARED) {
    if (records[at + COUNTED] === 0) continue;
    divergence.add(ids[i], records[at + DIVERGENCE], 1, tooManyGroups);
    if (!isLabelled) continue;
    difference.add(ids[i], records[at + OTHER_LOSS], 1, tooManyGroups);
    difference.add(ids[i], -records[at + BASE_LOSS], 0, tooManyGroups);
  }
}
