import { HIGHEST } from "../../descriptions/exp64Constants.ts";
import { exp64 } from "../../kernels/functions/exp64.ts";
import { Expansion, isTerm } from "../../numeric/expansion.ts";
import type { Columns } from "./records.ts";

/** Columns of rows that are positions of sequences. */
export interface SequenceColumns {
  readonly sequence: Int32Array;
  readonly position: Int32Array;
  /** Of the sequence that the row is of. */
  readonly sequencePerplexity: Float64Array;
}

/** Perplexities of sequences, of those of their rows that come here: in order, the first one's number being `firstRow`. */
export class Sequences {
  readonly #positions: number;
  readonly #firstRow: number;
  readonly #perplexities: number[] = [];
  readonly #loss = new Expansion();
  /** What is huge or not finite of the losses at hand, and how many rows count. */
  #rest = 0;
  #counted = 0;
  #row: number;

  constructor(positions: number, firstRow: number) {
    this.#positions = positions;
    this.#firstRow = firstRow;
    this.#row = firstRow;
  }

  /** Takes the next rows; the last ones have an end. */
  add({ loss, rank }: Columns, isLast: boolean): void {
    for (let i = 0; i < loss.length; i++) {
      if (rank[i] >= 0) {
        this.#counted++;
        if (isTerm(loss[i])) this.#loss.add(loss[i]);
        else this.#rest += loss[i];
      }
      this.#row++;
      if (this.#row % this.#positions === 0) this.#end();
    }
    if (isLast && this.#row % this.#positions !== 0) this.#end();
  }

  #end(): void {
    const mean = (this.#loss.value() + this.#rest) / this.#counted;
    this.#perplexities.push(mean > HIGHEST ? Number.POSITIVE_INFINITY : exp64(mean));
    this.#loss.clear();
    this.#rest = 0;
    this.#counted = 0;
  }

  /** Columns of rows [first, first + count), by their numbers. */
  columnsOf(first: number, count: number): SequenceColumns {
    const before = Math.floor(this.#firstRow / this.#positions);
    const sequenceOf = (i: number) => Math.floor((first + i) / this.#positions);
    return {
      sequence: Int32Array.from({ length: count }, (_, i) => sequenceOf(i)),
      position: Int32Array.from({ length: count }, (_, i) => (first + i) % this.#positions),
      sequencePerplexity: Float64Array.from({ length: count }, (_, i) => this.#perplexities[sequenceOf(i) - before]),
    };
  }
}
