import type { EvaluatedRows } from "../evaluate/evaluatorOptions.ts";

export interface WorstRow {
  /** Its number, from 0. */
  readonly row: number;
  readonly label: number;
  /** The first maximum; null in a row that holds a NaN. */
  readonly predicted: number | null;
  /** Of the label; null in a row that holds a NaN. */
  readonly rank: number | null;
  readonly loss: number;
}

/** Whether a loss is worse than another one: NaN is worse than anything. */
export const worse = (a: number, b: number) => (Number.isNaN(a) ? !Number.isNaN(b) : a > b);

/** The order of the list: the worst first, of equals the one that came first. */
function order(a: WorstRow, b: WorstRow): number {
  if (worse(a.loss, b.loss)) return -1;
  return worse(b.loss, a.loss) ? 1 : a.row - b.row;
}

/** Keeps the rows of the highest loss, in a binary heap whose first row is the next to give way. */
export class Worst {
  readonly #heap: WorstRow[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(batch: Omit<EvaluatedRows, "logProbability">): void {
    const heap = this.#heap;
    if (this.#most === 0) return;
    for (let i = 0; i < batch.count; i++) {
      const loss = batch.loss(i);
      const rank = batch.rank(i);
      const isFull = heap.length === this.#most;
      if (rank < 0 || (isFull && !this.#isWanted(loss, batch.first + i))) continue;
      const predicted = batch.predicted(i);
      const row = {
        row: batch.first + i,
        label: batch.label(i),
        predicted: predicted < 0 ? null : predicted,
        rank: rank === 0 ? null : rank,
        loss,
      };
      if (isFull) this.#sink(row);
      else this.#rise(row);
    }
  }

  /** Adds rows that another one kept. */
  addRows(rows: readonly WorstRow[]): void {
    for (const row of rows) {
      if (this.#heap.length < this.#most) this.#rise(row);
      else if (this.#isWanted(row.loss, row.row)) this.#sink(row);
    }
  }

  /** Whether a row goes before the next one to give way. */
  #isWanted(loss: number, row: number): boolean {
    const last = this.#heap[0];
    if (last === undefined || worse(last.loss, loss)) return false;
    return worse(loss, last.loss) || row < last.row;
  }

  /** The rows so far, the worst first. */
  sorted(): WorstRow[] {
    return [...this.#heap].sort(order);
  }

  /** Adds a row at the end, and moves it up to its place. */
  #rise(row: WorstRow): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (order(row, heap[parent]) < 0) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = row;
  }

  /** Puts a row in the place of the first one, and moves it down to its place. */
  #sink(row: WorstRow): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      if (left >= heap.length) break;
      const child = right < heap.length && order(heap[right], heap[left]) > 0 ? right : left;
      if (order(row, heap[child]) > 0) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = row;
  }
}
