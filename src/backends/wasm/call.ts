import type { Arguments } from "../backend.ts";
import { arrayFor, type Data, type Slot } from "../slots.ts";
import { MAXIMAL_NUMBERS } from "../threads/protocol.ts";
import type { Plan } from "./plan.ts";
import type { Staging } from "./staging.ts";

const NO_PLAN: Plan = {
  kernel: { name: "none", unit: "row", dtypes: null, parameters: [] },
  dtype: "f32",
  f: () => {},
  name: "none",
  slots: [],
  arrays: [],
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
  /** Where they are; 0 for those that pass through windows. */
  readonly addresses = new Float64Array(MAXIMAL_NUMBERS);
  /** Windows, the bytes of those that hold whole arrays, and a unit's bytes in the others. */
  windows = 0;
  wholeBytes = 0;
  unitBytes = 0;
  /** Whether any result passes through a window. */
  copiesOut = false;
  #classes = 0;

  open(plan: Plan, units: number, elements: number, args: Arguments, reduces: boolean, staging: Staging): void {
    this.plan = plan;
    this.units = units;
    this.reduces = reduces;
    this.elements = elements;
    this.#classes = args.classes as number;
    this.windows = 0;
    this.wholeBytes = 0;
    this.unitBytes = 0;
    this.copiesOut = false;
    for (let i = 0; i < plan.arrays.length; i++) {
      const slot = plan.arrays[i];
      const array = arrayFor(plan.kernel, slot, args, reduces);
      if (array === null) continue;
      this.arrays[slot.position] = array;
      const address = staging.addressOf(array, slot);
      this.addresses[slot.position] = address;
      if (address !== 0) continue;
      const bytes = this.unit(slot) * slot.bytes;
      if (slot.whole) this.wholeBytes += bytes;
      else this.unitBytes += bytes;
      if (slot.role !== "in") this.copiesOut = true;
      this.windows++;
    }
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
    return slot.whole ? this.arrays[slot.position]!.length : slot.unit || this.#classes;
  }

  /** Units of which the windows fit so many bytes; at least one. */
  unitsIn(bytes: number): number {
    return this.unitBytes === 0 ? this.units : Math.min(this.units, Math.max(1, Math.floor(bytes / this.unitBytes)));
  }
}
