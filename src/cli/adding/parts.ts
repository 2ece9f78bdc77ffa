/** What threads share: 32-bit words, and rows done. */
export interface PartWords {
  /** The number of the first part that is not to be done any more; then an owner a part: 0 nobody, else 1 + the thread. */
  readonly owners: Int32Array<SharedArrayBuffer>;
  /** Rows that each thread has done. */
  readonly done: Float64Array<SharedArrayBuffer>;
}

/** The words of so many parts, none of them taken. */
export function createPartWords(parts: number, threads: number): PartWords {
  const owners = new Int32Array(new SharedArrayBuffer(4 * (1 + parts)));
  owners[0] = parts;
  return { owners, done: new Float64Array(new SharedArrayBuffer(8 * threads)) };
}

/**
 * Which parts of the rows are whose. A thread takes the next part that is nobody's, upwards from its last one: so where one fails,
 * all parts below it are somebody's. What a lost thread took is nobody's again.
 */
export class Parts {
  readonly #owners: Int32Array;
  readonly #done: Float64Array;
  readonly #thread: number;
  #last = 0;

  constructor({ owners, done }: PartWords, thread: number) {
    this.#owners = owners;
    this.#done = done;
    this.#thread = thread;
  }

  /** A part that is this thread's from now on; undefined where there is none left. */
  take(): number | undefined {
    const n = this.#owners.length - 1;
    for (let i = 0; i < n; i++) {
      const part = (this.#last + i) % n;
      if (!this.isWanted(part) || Atomics.compareExchange(this.#owners, 1 + part, 0, 1 + this.#thread) !== 0) continue;
      this.#last = part;
      return part;
    }
    return undefined;
  }

  /** Whether no part before it failed. */
  isWanted(part: number): boolean {
    return part < Atomics.load(this.#owners, 0);
  }

  /** Parts behind this one need not be done. */
  fail(part: number): void {
    for (;;) {
      const limit = Atomics.load(this.#owners, 0);
      if (limit <= part || Atomics.compareExchange(this.#owners, 0, limit, part) === limit) return;
    }
  }

  /** Gives back what a thread took that is no more. */
  release(thread: number): void {
    for (let i = 1; i < this.#owners.length; i++) Atomics.compareExchange(this.#owners, i, 1 + thread, 0);
    this.#done[thread] = 0;
  }

  /** Counts rows that this thread has done. */
  count(rows: number): void {
    this.#done[this.#thread] += rows;
  }

  /** Rows that all threads have done. */
  get done(): number {
    return this.#done.reduce((sum, n) => sum + n, 0);
  }
}
