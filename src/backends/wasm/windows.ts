import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { PARTIALS, SHARED_PARTIAL_UNITS, WINDOWS, WINDOWS_BYTES } from "../../memory/map.ts";
import { MAXIMAL_NUMBERS } from "../threads/protocol.ts";
import type { Call } from "./call.ts";
import type { Staging } from "./staging.ts";

/** Windows start at a cache line, and at different places of a page: at the same place copying took twice as long. */
const LINE = 64;
const STAGGER = 704;
const GAP = 2 * LINE + STAGGER;

/**
 * Units [first, first + units) of a call, in strides of so many units. Arrays from outside pass through windows that hold
 * `ring` strides: stride i lies where i - ring was.
 */
export interface Launch {
  first: number;
  units: number;
  stride: number;
  ring: number;
  /** What the kernel is called with after begin and end, for strides below `ring`. */
  readonly numbers: Float64Array;
  /** What is taken off each number for every time that the stride has gone round the ring. */
  readonly laps: Float64Array;
  /** Where partial results go. */
  readonly partials: Float64Array;
}

/** One at a time has partial results: there is one place for them. */
export function createLaunch(buffer: ArrayBufferLike): Launch {
  return {
    first: 0,
    units: 0,
    stride: 0,
    ring: 1,
    numbers: new Float64Array(MAXIMAL_NUMBERS),
    laps: new Float64Array(MAXIMAL_NUMBERS),
    partials: new Float64Array(buffer, PARTIALS, SHARED_PARTIAL_UNITS),
  };
}

/** Bytes that there are for units of a call. */
export function roomFor(call: Call): number {
  return WINDOWS_BYTES - call.wholeBytes - GAP * call.windows;
}

/** Puts the numbers of a launch together; `all`: copies arrays that don't depend on the units, too. */
export function place(call: Call, launch: Launch, staging: Staging, all: boolean): void {
  const { first, units, numbers, laps } = launch;
  const { slots, countAt } = call.plan;
  let address = WINDOWS;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i];
    numbers[i] = call.numbers[i];
    laps[i] = 0;
    const array = call.arrays[i];
    if (!slot.isArray || array === null) continue;
    const bytes = call.unit(slot) * slot.bytes;
    if (numbers[i] !== 0) {
      if (!slot.whole) numbers[i] += first * bytes;
      continue;
    }
    numbers[i] = address;
    if (!slot.whole) laps[i] = launch.ring * launch.stride * bytes;
    else if (all && slot.role !== "out") staging.copyIn(array, slot, 0, array.length, address, 0);
    address = (Math.ceil((address + (slot.whole ? bytes : laps[i])) / LINE) + 1) * LINE + STAGGER;
  }
  if (countAt >= 0) numbers[countAt] = Math.min(units * BLOCK_ELEMENTS, call.elements - first * BLOCK_ELEMENTS);
}

/** Copies what stride i reads into the windows. */
export function fill(call: Call, launch: Launch, staging: Staging, i: number): void {
  const { arrays } = call.plan;
  for (let k = 0; k < arrays.length; k++) {
    const slot = arrays[k];
    const { position } = slot;
    const array = call.arrays[position];
    const isRead = slot.role === "in" || slot.role === "inout";
    if (!isRead || slot.whole || array === null || call.numbers[position] !== 0) continue;
    const unit = call.unit(slot);
    const from = (launch.first + i * launch.stride) * unit;
    const n = Math.min(Math.min(launch.stride, launch.units - i * launch.stride) * unit, array.length - from);
    const address = launch.numbers[position] + (i % launch.ring) * launch.stride * unit * slot.bytes;
    staging.copyIn(array, slot, from, n, address, call.ignoreIndex);
  }
}

/** Copies what stride i wrote out of the windows. */
export function empty(call: Call, launch: Launch, staging: Staging, i: number): void {
  if (!call.copiesOut) return;
  for (const slot of call.plan.arrays) {
    const { position } = slot;
    const array = call.arrays[position] as FloatArray | null;
    if (slot.role === "in" || array === null || call.numbers[position] !== 0) continue;
    if (slot.whole) {
      staging.copyOut(array, 0, array.length, launch.numbers[position]);
      continue;
    }
    const unit = call.unit(slot);
    const from = (launch.first + i * launch.stride) * unit;
    const n = Math.min(Math.min(launch.stride, launch.units - i * launch.stride) * unit, array.length - from);
    staging.copyOut(array, from, n, launch.numbers[position] + (i % launch.ring) * launch.stride * unit * slot.bytes);
  }
}
