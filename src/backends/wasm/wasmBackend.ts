import type { Kernel } from "../../descriptions/kernel.ts";
import type { Dtype } from "../../dtype.ts";
import { invoke } from "../../generated/invoke.ts";
import { Arena } from "../../memory/arena.ts";
import {
  ARENA,
  ARENA_OVERHEAD,
  BINS,
  BINS_BYTES,
  SCRATCH,
  SCRATCH_BYTES,
  WORKSPACE,
  WORKSPACE_BYTES,
  writeConstants,
} from "../../memory/map.ts";
import { ExactSum, type Loops } from "../../numeric/exactSum.ts";
import { EXTRACTED } from "../../numeric/extraction.ts";
import type { Arguments, Backend, Reduce, Run } from "../backend.ts";
import type { Sharing } from "../threads/sharing.ts";
import { Call } from "./call.ts";
import { createPlans, type Exports } from "./plan.ts";
import { Staging } from "./staging.ts";
import { createLaunch, empty, fill, place, roomFor } from "./windows.ts";

/** Bytes that the windows of one launch should take together: within the second-level cache. */
const LAUNCH_BYTES = 512 * 1024;

/**
 * The WebAssembly functions over one memory of fixed size. `wide` runs what does not fit the windows; `sharing`, where
 * given, shares calls out among threads.
 */
export function createWasmBackend(
  exports: Exports,
  memory: WebAssembly.Memory,
  arenaBytes: number,
  wide: Run,
  sharing?: Sharing,
): Backend {
  const { buffer } = memory;
  writeConstants(buffer);
  const arena = new Arena(buffer, ARENA, arenaBytes, ARENA_OVERHEAD);
  const staging = new Staging(buffer, exports);
  const planOf = createPlans(exports);
  const sum = new ExactSum(new Float64Array(buffer, BINS, BINS_BYTES / 8));
  // the caller's scratch: between two kernels nothing stands there
  const sums = new Float64Array(buffer, SCRATCH, SCRATCH_BYTES / 8);
  const loops: Loops = {
    extract(values, n) {
      exports.extractSums(0, Math.ceil(n / EXTRACTED), values.byteOffset, SCRATCH, n);
      return sums;
    },
    addToBins: (begin, end, values) => exports.addExactly(begin, end, values.byteOffset, BINS),
  };

  // not that of `sharing`: a call within a call (of what reduces) runs alone, while the others go on with a shared one
  const launch = createLaunch(buffer);

  /** Launch by launch on the caller's thread. */
  function runAlone(call: Call, reduce: Reduce | undefined): void {
    const { plan, units } = call;
    if (call.windows === 0 && (reduce === undefined || units <= plan.partialUnits)) {
      invoke(plan.f, 0, units, call.numbers, plan.slots.length);
      reduce?.(launch.partials, units, 0);
      return;
    }
    const fitting = call.unitsIn(Math.min(roomFor(call), LAUNCH_BYTES));
    const most = reduce ? Math.min(fitting, plan.partialUnits) : fitting;
    launch.ring = 1;
    for (let first = 0; first < units; first += most) {
      launch.first = first;
      launch.units = Math.min(most, units - first);
      launch.stride = most;
      place(call, launch, staging, first === 0);
      if (call.windows > 0) fill(call, launch, staging, 0);
      invoke(plan.f, 0, launch.units, launch.numbers, plan.slots.length);
      empty(call, launch, staging, 0);
      reduce?.(launch.partials, launch.units, first);
    }
  }

  const spare: Call[] = [];

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    // a call within a call (of what reduces) has its own
    const call = spare.pop() ?? new Call();
    try {
      call.open(planOf(kernel, dtype), units, elements, args, reduce !== undefined, staging);
      if (call.unitBytes > roomFor(call)) wide(kernel, dtype, units, args, elements, reduce);
      else if (sharing?.takes(call)) sharing.run(call, staging, reduce);
      else runAlone(call, reduce);
    } finally {
      call.close();
      spare.push(call);
    }
  }

  return {
    name: "wasm",
    arena,
    run,
    workspace: () => new Float64Array(buffer, WORKSPACE, WORKSPACE_BYTES / 8),
    exactSum() {
      sum.clear();
      return sum;
    },
    // those of wide rows are not in this memory, but come one by one
    addExactly: (to, values, n) => to.addAll(values, n, loops),
  };
}
