import type { Dtype, FloatArray } from "../dtype.ts";
import { BLOCK_ELEMENTS } from "../kernels/constants.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { Arena } from "../memory/arena.ts";
import {
  ARENA,
  ARENA_OVERHEAD,
  BINS,
  BINS_BYTES,
  PARTIAL_UNITS,
  PARTIALS,
  SCRATCH,
  WINDOWS,
  WINDOWS_BYTES,
  writeConstants,
} from "../memory/map.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import type { Arguments, Backend, Reduce } from "./backend.ts";
import { Call } from "./call.ts";
import type { Launcher } from "./launcher.ts";
import { createPlans, type Exports, invoke } from "./plan.ts";
import { MAXIMAL_NUMBERS } from "./protocol.ts";
import { Staging } from "./staging.ts";

/** Bytes that the windows of one launch should take together: within the second-level cache. */
const LAUNCH_BYTES = 512 * 1024;
/** Units that the windows of a shared launch should hold, so that there is something to share. */
const SHARED_UNITS = 4;
/** Windows start at a cache line, and at different places of a page: at the same place copying took twice as long. */
const LINE = 64;
const STAGGER = 704;
const GAP = 2 * LINE + STAGGER;

/** A launch: units [first, first + units) of the call, in windows from `address` on, its results going to `partials`. */
interface Launch {
  first: number;
  units: number;
  readonly numbers: Float64Array;
  readonly address: number;
  readonly partials: Float64Array;
  readonly partialsAt: number;
}

/**
 * The WebAssembly functions over one memory of fixed size. `wide` runs what does not fit the windows; `launcher`, where
 * given, shares launches out among threads.
 */
export function createWasmBackend(
  exports: Exports,
  memory: WebAssembly.Memory,
  arenaBytes: number,
  wide: Backend,
  launcher?: Launcher,
): Backend {
  const { buffer } = memory;
  writeConstants(buffer);
  const arena = new Arena(buffer, ARENA, arenaBytes, ARENA_OVERHEAD);
  const staging = new Staging(buffer, exports);
  const planOf = createPlans(exports);
  const sum = new ExactSum(new Float64Array(buffer, BINS, BINS_BYTES / 8));
  const addToBins = (begin: number, end: number, values: Float64Array) =>
    exports.addExactly(begin, end, values.byteOffset, BINS);

  function launchAt(address: number, i: number): Launch {
    const partialsAt = PARTIALS + 8 * PARTIAL_UNITS * i;
    const partials = new Float64Array(buffer, partialsAt, PARTIAL_UNITS);
    return { first: 0, units: 0, numbers: new Float64Array(MAXIMAL_NUMBERS), address, partials, partialsAt };
  }
  const alone = launchAt(WINDOWS, 0);

  /** Copies in what a launch reads, of windows for `most` units, and puts its numbers together. `all`: whole arrays too. */
  function bind(call: Call, args: Arguments, launch: Launch, most: number, all: boolean): void {
    const { first, units, numbers } = launch;
    const { slots } = call.plan;
    let { address } = launch;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      if (slot.role === "scratch") numbers[i] = SCRATCH;
      else if (slot.role === "scalar") numbers[i] = args[slot.name] as number;
      else if (slot.role === "count") {
        numbers[i] = Math.min(units * BLOCK_ELEMENTS, call.elements - first * BLOCK_ELEMENTS);
      } else {
        const array = call.arrays[i];
        if (array === null) {
          numbers[i] = slot.role === "partials" ? launch.partialsAt : 0;
          continue;
        }
        const unit = call.unit(slot);
        const from = slot.whole ? 0 : first * unit;
        if (call.addresses[i] !== 0) {
          numbers[i] = call.addresses[i] + from * slot.bytes;
          continue;
        }
        numbers[i] = address;
        if (slot.role === "in" && (all || !slot.whole)) {
          const n = Math.min(units * unit, array.length - from);
          staging.copyIn(array, slot, from, n, address, args.ignoreIndex as number);
        }
        const bytes = unit * slot.bytes * (slot.whole ? 1 : most);
        address = (Math.ceil((address + bytes) / LINE) + 1) * LINE + STAGGER;
      }
    }
  }

  /** Takes the results of a launch that is done. */
  function settle(call: Call, launch: Launch, reduce: Reduce | undefined): void {
    const { first, units, numbers, partials } = launch;
    if (call.copiesOut) {
      for (const slot of call.plan.arrays) {
        const array = call.arrays[slot.position] as FloatArray | null;
        if (slot.role === "in" || array === null || call.addresses[slot.position] !== 0) continue;
        const unit = call.unit(slot);
        const from = slot.whole ? 0 : first * unit;
        staging.copyOut(array, from, Math.min(units * unit, array.length - from), numbers[slot.position]);
      }
    }
    reduce?.(partials, units, first);
  }

  /** Launch by launch on the caller's thread. */
  function runAlone(call: Call, args: Arguments, reduce: Reduce | undefined): void {
    const { plan, units } = call;
    const room = WINDOWS_BYTES - call.wholeBytes - GAP * call.windows;
    const most = Math.min(call.unitsIn(Math.min(room, LAUNCH_BYTES)), reduce ? plan.partialUnits : units);
    for (let first = 0; first < units; first += most) {
      alone.first = first;
      alone.units = Math.min(most, units - first);
      bind(call, args, alone, most, first === 0);
      invoke(plan.f, 0, alone.units, alone.numbers, plan.slots.length);
      settle(call, alone, reduce);
    }
  }

  /** On several threads: while they are at work on one window, the other one is emptied and filled. */
  function runShared(threads: Launcher, call: Call, args: Arguments, reduce: Reduce | undefined): void {
    const { plan, units } = call;
    const half = WINDOWS_BYTES / 2 - call.wholeBytes - GAP * call.windows;
    const bytes = Math.min(half, Math.max(LAUNCH_BYTES, SHARED_UNITS * call.unitBytes));
    const most = Math.min(call.unitsIn(bytes), reduce ? plan.partialUnits : units);
    const launches = [launchAt(WINDOWS, 0), launchAt(WINDOWS + WINDOWS_BYTES / 2, 1)];
    let last: Launch | undefined;
    for (let first = 0; first < units; first += most) {
      const launch = launches[(first / most) & 1];
      launch.first = first;
      launch.units = Math.min(most, units - first);
      bind(call, args, launch, most, first <= most);
      threads.join();
      threads.start(plan, launch.units, (call.work / units) * launch.units, launch.numbers);
      if (last) settle(call, last, reduce);
      last = launch;
    }
    threads.join();
    if (last) settle(call, last, reduce);
  }

  const spare: Call[] = [];

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    // a call within a call (of what reduces) has its own
    const call = spare.pop() ?? new Call();
    try {
      call.open(planOf(kernel, dtype), units, elements, args, reduce !== undefined, staging);
      const room = WINDOWS_BYTES - call.wholeBytes - GAP * call.windows;
      if (call.unitBytes > room) wide.run(kernel, dtype, units, args, elements, reduce);
      else if (launcher?.shares(kernel, call.work) && call.unitBytes <= room - WINDOWS_BYTES / 2) {
        runShared(launcher, call, args, reduce);
      } else runAlone(call, args, reduce);
    } finally {
      call.close();
      spare.push(call);
    }
  }

  return {
    name: "wasm",
    arena,
    run,
    exactSum() {
      sum.clear();
      return sum;
    },
    addExactly: (to, values, n) => to.addWith(values, 0, n, addToBins),
  };
}
