import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { PARTIALS, SCRATCH } from "../../memory/map.ts";
import type { Arguments } from "../backend.ts";
import { arrayFor, type Data, elementsPerUnit, type Slot } from "../slots.ts";
import { MAXIMAL_NUMBERS } from "../threads/protocol.ts";
import type { Plan } from "./plan.ts";
import type { Staging } from "./staging.ts";

const NO_PLAN: Plan = {
  kernel: { name: "none", unit: "row", dtypes: null, parameters: [], read: () => {} },
  dtype: "f32",
  f: () => {},
  name: "none",
  slots: [],
  arrays: [],
  countAt: -1,
  scratchAt: -1,
  partials: 1,
  partialUnits: 0,
  sharedPartialUnits: 0,
};

/** The arrays of one call, and which of them pass through windows. Used again and again: a call leaves nothing behind. */
export class Call {
  plan = NO_PLAN;
  units = 0;
  /** Whether partial results are reduced launch by launch: they have a place of their own then. */
  reduces = false;
  elements = 0;
  /** By position; null where there is none. */
  readonly arrays: (Data | null)[] = new Array(MAXIMAL_NUMBERS).fill(null);
  /** What the kernel is called with from the first unit on, by position; 0 for arrays that pass through windows. */
  readonly numbers = new Float64Array(MAXIMAL_NUMBERS);
  /** Windows, the bytes of those that hold whole arrays, and a unit's bytes in the others. */
  windows = 0;
  wholeBytes = 0;
  unitBytes = 0;
  /** Whether any result passes through a window. */
  copiesOut = false;
  /** The label that counts for nothing; labels beyond 32 bits become another one: see copyLabels. */
  ignoreIndex = 0;
  /** Of a row: its classes, and the entries that are given of it. */
  classes = 0;
  entries = 0;

  /** The last call's arrays, by position, where none passed through a window: they are where they were. */
  readonly #last: (Data | null)[] = new Array(MAXIMAL_NUMBERS).fill(null);
  #isLastResident = false;

  open(plan: Plan, units: number, elements: number, args: Arguments, reduces: boolean, staging: Staging): void {
    const isAgain = this.#isLastResident && plan === this.plan && reduces === this.reduces;
    this.plan = plan;
    this.units = units;
    this.reduces = reduces;
    this.elements = elements;
    this.ignoreIndex = args.ignoreIndex as number;
    this.classes = args.classes as number;
    this.entries = args.entries as number;
    this.windows = 0;
    this.wholeBytes = 0;
    this.unitBytes = 0;
    this.copiesOut = false;
    const { arrays, numbers } = this;
    plan.kernel.read(args, arrays, numbers);
    if (plan.countAt >= 0) numbers[plan.countAt] = Math.min(units * BLOCK_ELEMENTS, elements);
    if (plan.scratchAt >= 0) numbers[plan.scratchAt] = SCRATCH;
    // a program calls the same loss of the same arrays again and again: to place them takes 50 ns
    if (isAgain && this.#areLast()) return;
    for (let i = 0; i < plan.arrays.length; i++) {
      const slot = plan.arrays[i];
      const { position } = slot;
      const array = arrayFor(plan.kernel, slot, arrays[position], reduces);
      if (array === null) {
        arrays[position] = null;
        numbers[position] = reduces && slot.role === "partials" ? PARTIALS : 0;
        continue;
      }
      const address = staging.addressOf(array, slot);
      numbers[position] = address;
      if (address !== 0) continue;
      const bytes = this.unit(slot) * slot.bytes;
      if (slot.whole) this.wholeBytes += bytes;
      else this.unitBytes += bytes;
      if (slot.role !== "in") this.copiesOut = true;
      this.windows++;
    }
    this.#isLastResident = this.windows === 0;
    if (!this.#isLastResident) return;
    for (let i = 0; i < plan.arrays.length; i++) {
      const { position } = plan.arrays[i];
      this.#last[position] = arrays[position];
    }
  }

  /** Whether the arrays are those of the last call of the same plan. */
  #areLast(): boolean {
    const { arrays } = this.plan;
    for (let i = 0; i < arrays.length; i++) {
      const { position } = arrays[i];
      this.arrays[position] ??= null;
      if (this.arrays[position] !== this.#last[position]) return false;
    }
    return true;
  }

  /** Elements of all arrays; asked for only where threads may share them: V8 takes 15 ns for a length. */
  get work(): number {
    let elements = 0;
    for (const { position } of this.plan.arrays) elements += this.arrays[position]?.length ?? 0;
    return elements;
  }

  /** Lets the arrays go. */
  close(): void {
    const { arrays } = this.plan;
    for (let i = 0; i < arrays.length; i++) this.arrays[arrays[i].position] = null;
  }

  /** Elements a unit of an array; all of one that is whole. */
  unit(slot: Slot): number {
    return slot.whole ? this.arrays[slot.position]!.length : elementsPerUnit(slot, this);
  }

  /** Units of which the windows fit so many bytes; at least one. */
  unitsIn(bytes: number): number {
    return this.unitBytes === 0 ? this.units : Math.min(this.units, Math.max(1, Math.floor(bytes / this.unitBytes)));
  }
}
