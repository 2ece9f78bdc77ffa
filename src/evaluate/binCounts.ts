/** Of more values the bins are an array, while they are counted: 5 ns a value instead of 60. */
const MANY = 10_000;

/** Counts of numbered bins, few of which are not empty. */
export class BinCounts {
  readonly #bins: number;
  readonly #counts = new Map<number, number>();
  /** What is not in those yet, once there are many. */
  #recent: Uint32Array | undefined;
  #added = 0;
  /** What entries() gave, until something is added. */
  #entries: readonly (readonly [bin: number, count: number])[] | undefined;

  constructor(bins: number) {
    this.#bins = bins;
  }

  add(bin: number): void {
    if (this.#added === MANY) this.#recent ??= new Uint32Array(this.#bins);
    if (++this.#added === 2 ** 31) this.#gather();
    if (this.#recent) this.#recent[bin]++;
    else this.addTimes(bin, 1);
  }

  addTimes(bin: number, n: number): void {
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + n);
    this.#entries = undefined;
  }

  merge(other: BinCounts): void {
    for (const [bin, n] of other.entries()) this.addTimes(bin, n);
  }

  /** Bins that are not empty, rising. */
  entries(): readonly (readonly [bin: number, count: number])[] {
    this.#gather();
    const counts = this.#counts;
    this.#entries ??= Array.from(Float64Array.from(counts.keys()).sort(), (bin) => [bin, counts.get(bin) ?? 0]);
    return this.#entries;
  }

  get total(): number {
    return this.entries().reduce((sum, [, n]) => sum + n, 0);
  }

  #gather(): void {
    const recent = this.#recent;
    if (recent === undefined || this.#added <= MANY) return;
    this.#added = MANY;
    for (let bin = 0; bin < recent.length; bin++) {
      if (recent[bin] === 0) continue;
      this.addTimes(bin, recent[bin]);
      recent[bin] = 0;
    }
  }
}
