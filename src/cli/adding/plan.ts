import { checksumOf } from "../../formats/checksum.ts";
import { partOf } from "../../formats/partOf.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import { arrayOf, type Stretch } from "../../formats/tensor.ts";
import type { LossesOptions } from "../../losses.ts";
import type { Losses } from "../ownLosses.ts";
import { type Adder, elementsOf } from "./adder.ts";
import { createAdder, type Task } from "./createAdder.ts";
import { Parts, type PartWords } from "./parts.ts";

/** All that a thread needs to know to add up parts of files. */
export interface Plan {
  readonly task: Task;
  readonly engine: LossesOptions;
  /** The inputs of the task. */
  readonly stretches: readonly Stretch[];
  /** How many rows there are, and which of them are added up. */
  readonly rows: number;
  readonly range: RowRange;
  /** Rows of a part. */
  readonly partRows: number;
  readonly words: PartWords;
}

/** What a worker is told: the plan, and which thread it is. */
export interface Helped {
  readonly plan: Plan;
  readonly thread: number;
}

/** What went wrong, and in which part. */
export interface Failure {
  readonly part: number;
  readonly error: unknown;
}

/** Bytes of a part: some milliseconds of work, so that threads end together. */
const PART_BYTES = 2 ** 23;

/** Rows of a part of files, of which one takes most bytes a row. */
export function partRowsOf(stretches: readonly Stretch[], { columns }: Task): number {
  const bytes = stretches.map(({ dtype }, i) => columns[i].perRow * arrayOf(dtype).BYTES_PER_ELEMENT);
  return Math.max(1, Math.floor(PART_BYTES / Math.max(...bytes)));
}

/** The checksum of a part of an input, of which there is one. */
export interface PartChecksum {
  readonly part: number;
  readonly input: number;
  readonly sum: number;
  readonly bytes: number;
}

/** Adds up parts: what one thread does. */
export class PartAdder {
  readonly adder: Adder;
  readonly #plan: Plan;
  readonly #parts: Parts;
  readonly #turn: () => Promise<void> | void;
  /** Parts that were added. */
  added = 0;
  readonly checksums: PartChecksum[] = [];

  /** `turn` is had after each batch. */
  constructor(losses: Losses, plan: Plan, thread: number, turn: () => Promise<void> | void) {
    this.adder = createAdder(losses, plan.task, 1);
    this.#plan = plan;
    this.#parts = new Parts(plan.words, thread);
    this.#turn = turn;
  }

  /** Adds `part`, and takes others until there are none left, or one fails. */
  async addAll(part = this.#parts.take()): Promise<Failure | undefined> {
    for (; part !== undefined; part = this.#parts.take()) {
      try {
        await this.#add(part);
      } catch (error) {
        this.#parts.fail(part);
        return { part, error };
      }
      this.added++;
    }
    return undefined;
  }

  async #add(part: number): Promise<void> {
    const { task, stretches, rows, range, partRows } = this.#plan;
    const first = range.first + part * partRows;
    const end = Math.min(range.end, first + partRows);
    const sums = stretches.map(({ dtype }, i) => {
      const left = (end - first) * task.columns[i].perRow * arrayOf(dtype).BYTES_PER_ELEMENT;
      return { part, input: i, sum: 0, bytes: left, left };
    });
    const tensors = stretches.map((stretch, i) => {
      const own = sums[i];
      // what is ahead is the next part's
      const took = (bytes: Uint8Array) => {
        own.sum = checksumOf(bytes.subarray(0, own.left), own.sum);
        own.left = Math.max(0, own.left - bytes.length);
      };
      const elements = elementsOf(task.columns[i], { first, end }, rows);
      return partOf(stretch, ...elements, stretch.checksum && took);
    });
    const told = async (n: number) => {
      this.#parts.count(n);
      await this.#turn();
      return this.#parts.isWanted(part);
    };
    await this.adder.add(tensors, told, { first, end });
    this.checksums.push(...sums.filter((_, i) => stretches[i].checksum));
  }
}
