import { LOSS, RANK, RECORD, WEIGHT } from "../descriptions/record.ts";
import type { IntegerArray } from "../dtype.ts";
import { ExactTotal, FINITE } from "../numeric/exactTotal.ts";
import { addTerm, Expansion } from "../numeric/expansion.ts";
import { isExtreme, weightedLoss } from "../numeric/products.ts";
import { ProductTotal } from "../numeric/productTotal.ts";
import { rootOfRatio } from "../numeric/ratio.ts";
import type { Writer } from "./stateBytes.ts";

export const MAXIMAL_GROUPS = 2 ** 20;

/** Σ w l and Σ w of the rows of one group. */
interface Group {
  readonly loss: ExactTotal;
  readonly weight: ExactTotal;
  /** What is not in those yet: quicker to add to. */
  readonly losses: Expansion;
  readonly weights: Expansion;
}

/** Sums of all groups together. */
function sumOf(groups: readonly (readonly [id: bigint, group: Group])[]): Pick<Group, "loss" | "weight"> {
  const [loss, weight] = [new ExactTotal(), new ExactTotal()];
  for (const [, group] of groups) {
    loss.addTotal(group.loss);
    weight.addTotal(group.weight);
  }
  return { loss, weight };
}

/** Sums of groups of rows by their number, which standard errors are clustered by. */
export class Groups {
  /** Whether losses are squares: their sums are ProductTotals. */
  readonly ofSquares: boolean;
  readonly #groups = new Map<bigint, Group>();
  /** The same by small numbers. */
  readonly #small = new Map<number, Group>();

  constructor(ofSquares = false) {
    this.ofSquares = ofSquares;
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Calls `fail` where the counted rows of these groups, `counts(i)`, are of more groups than can be told apart, with those so far. */
  checkCount(groups: IntegerArray, counts: (i: number) => boolean, fail: () => never): void {
    // most often there is no need to look
    if (this.size + groups.length <= MAXIMAL_GROUPS) return;
    const added = new Set<number | bigint>();
    for (let i = 0; i < groups.length; i++) {
      if (!counts(i)) continue;
      const id = groups[i];
      // integers of one array are of one kind
      if (typeof id === "number" && this.#small.has(id)) continue;
      if (this.size > 0 && this.#groups.has(BigInt(id))) continue;
      added.add(id);
      if (this.size + added.size > MAXIMAL_GROUPS) fail();
    }
  }

  /** Takes n records; `groupOf` gives the group of each, `fail` throws where there are too many. */
  addRecords(
    records: Float64Array,
    n: number,
    groupOf: (i: number) => number | bigint,
    weighted: boolean,
    fail: () => never,
  ): void {
    for (let i = 0, at = 0; i < n; i++, at += RECORD) {
      if (records[at + RANK] < 0) continue;
      const w = weighted ? records[at + WEIGHT] : 1;
      this.add(groupOf(i), weightedLoss(records[at + LOSS], w), w, fail);
    }
  }

  /** Adds a row of a group, or a part of its loss (the weight goes with one of them). */
  add(id: number | bigint, loss: number, weight: number, fail: () => never): void {
    const group = this.#of(id, fail);
    addTerm(loss, group.losses, group.loss);
    addTerm(weight, group.weights, group.weight);
  }

  /** Adds a row whose loss is d^2, rounded, but exact where rounding errors are no float64. */
  addSquare(id: number | bigint, d: number, fail: () => never): void {
    const group = this.#of(id, fail);
    if (isExtreme(d, d)) (group.loss as ProductTotal).addProduct(d, d);
    this.add(id, isExtreme(d, d) ? 0 : d * d, 1, fail);
  }

  #of(id: number | bigint, fail: () => never): Group {
    let group = typeof id === "number" ? this.#small.get(id) : this.#groups.get(id);
    if (group === undefined) {
      group = this.open(BigInt(id), fail);
      if (typeof id === "number") this.#small.set(id, group);
    }
    return group;
  }

  /** The group of a number; `fail` throws where there are too many. */
  open(id: bigint, fail: () => never): Group {
    const there = this.#groups.get(id);
    if (there !== undefined) return there;
    if (this.#groups.size === MAXIMAL_GROUPS) fail();
    const group = {
      loss: this.ofSquares ? new ProductTotal() : new ExactTotal(),
      weight: new ExactTotal(),
      losses: new Expansion(),
      weights: new Expansion(),
    };
    this.#groups.set(id, group);
    return group;
  }

  merge(other: Groups, fail: () => never): void {
    for (const [id, { loss, weight }] of other.sorted()) {
      const group = this.open(id, fail);
      group.loss.addTotal(loss);
      group.weight.addTotal(weight);
    }
  }

  /** All groups, rising by number. */
  sorted(): [id: bigint, group: Group][] {
    const all = [...this.#groups].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    for (const [, { loss, weight, losses, weights }] of all) {
      losses.drain(loss);
      weights.drain(weight);
    }
    return all;
  }

  write(to: Writer): void {
    const all = this.sorted();
    to.count(all.length);
    for (const [id, { loss, weight }] of all) {
      to.total(new ExactTotal(id));
      to.total(loss);
      to.total(weight);
    }
  }

  /** Refuses groups that don't add up to the sum of the loss, and of the weights (1 a row without). */
  checkSums(loss: ExactTotal, weight: ExactTotal, fail: (what: string) => never): void {
    const all = this.sorted();
    const sums = sumOf(all);
    const same = (a: ExactTotal, b: ExactTotal) => a.units === b.units && a.kind === b.kind;
    if (all.some(([, group]) => group.weight.units < 0n)) fail("has a group of a negative weight");
    if (!same(sums.loss, loss)) fail("has groups that do not add up to the loss");
    if (!same(sums.weight, weight)) fail("has groups that do not add up to the weights");
  }

  /**
   * The standard error of the mean loss m where rows of a group may go together: sqrt(G / (G - 1) Σ S^2) / Σ w over the G groups
   * of a weight above 0, S = Σ w (l - m) of a group. Computed in integers.
   *
   * @see A. C. Cameron and D. L. Miller, A practitioner's guide to cluster-robust inference, 2015
   */
  standardError(): number {
    const all = this.sorted().filter(([, { weight }]) => weight.units > 0n || weight.kind !== FINITE);
    const { loss, weight } = sumOf(all);
    if (all.length < 2 || loss.kind !== FINITE || weight.kind !== FINITE) return Number.NaN;
    // without the hexadecimal digits that are 0 at the end of all units, which most are: in 0.4 of the time
    const some = all.reduce((bits, [, group]) => bits | group.loss.units | group.weight.units, 0n);
    const zeros = BigInt(4 * (some & -some).toString(16).length - 4);
    const [sum, w] = [loss.units >> zeros, weight.units >> zeros];
    const squares = all.reduce((total, [, group]) => {
      const deviation = (group.loss.units >> zeros) * w - sum * (group.weight.units >> zeros);
      return total + deviation * deviation;
    }, 0n);
    const groups = BigInt(all.length);
    // a loss in units of 2^-2148 is squared
    const scale = this.ofSquares ? 2148n : 0n;
    return rootOfRatio(groups * squares, ((groups - 1n) * w ** 4n) << scale);
  }
}

/** Adds the groups of a part; of one without rows there is nothing that could be missing. */
export function addGroups(to: { groups: Groups | null }, from: Groups | null): void {
  if (from === null) return;
  to.groups ??= new Groups(from.ofSquares);
  to.groups.merge(from, () => tooManyGroups());
}

export function tooManyGroups(begin = ""): never {
  throw new RangeError(`${begin}groups are more than ${MAXIMAL_GROUPS}, which is as many as can be told apart`);
}
