/** Where a row stands: the key of its source, "" where that is not known, and its number there, from 0. */
export interface Placed {
  readonly source: string;
  readonly row: number;
}

/** Whether a number is worse than another one: NaN is worse than anything. */
export const worse = (a: number, b: number) => (Number.isNaN(a) ? !Number.isNaN(b) : a > b);

const inOrder = (s: string, t: string) => (s < t ? -1 : s > t ? 1 : 0);

/** JSON has one name for NaN and both infinities: rows that differ in these alone would be in any order. */
const named = (_: string, it: unknown) => (typeof it === "number" ? String(it) : it);

/** Of all rows that are added those of the highest score, of equals those of the first source and row, in a binary heap. */
export class Highest<T extends Placed> {
  readonly most: number;
  readonly #scoreOf: (it: T) => number;
  /** The first one is the next to give way. */
  #heap: T[] = [];

  constructor(most: number, scoreOf: (it: T) => number) {
    this.most = most;
    this.#scoreOf = scoreOf;
  }

  /** Whether a row of this score may be kept. */
  wants(score: number): boolean {
    if (this.#heap.length < this.most) return true;
    return this.most > 0 && !worse(this.#scoreOf(this.#heap[0]), score);
  }

  add(it: T): void {
    const heap = this.#heap;
    if (heap.length < this.most) this.#rise(it);
    else if (this.most > 0 && this.#order(it, heap[0]) < 0) this.#sink(it);
  }

  /** All that are kept, the highest first. */
  sorted(): T[] {
    return [...this.#heap].sort((a, b) => this.#order(a, b));
  }

  merge(other: Highest<T>): void {
    for (const it of other.sorted()) this.add(it);
  }

  /** The same rows, each at another place. */
  moved(place: (it: T) => T): Highest<T> {
    const moved = new Highest(this.most, this.#scoreOf);
    for (const it of this.sorted()) moved.add(place(it));
    return moved;
  }

  #order(a: T, b: T): number {
    const [x, y] = [this.#scoreOf(a), this.#scoreOf(b)];
    if (worse(x, y)) return -1;
    if (worse(y, x)) return 1;
    if (a.source !== b.source) return inOrder(a.source, b.source);
    if (a.row !== b.row) return a.row - b.row;
    // of two parts without a source
    return inOrder(JSON.stringify(a), JSON.stringify(b)) || inOrder(JSON.stringify(a, named), JSON.stringify(b, named));
  }

  /** Adds a row at the end, and moves it up to its place. */
  #rise(it: T): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#order(it, heap[parent]) < 0) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = it;
  }

  /** Puts a row in the place of the first one, and moves it down to its place. */
  #sink(it: T): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      if (left >= heap.length) break;
      const child = right < heap.length && this.#order(heap[right], heap[left]) > 0 ? right : left;
      if (this.#order(it, heap[child]) > 0) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = it;
  }
}
