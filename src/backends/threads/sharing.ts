import type { Reduce } from "../backend.ts";
import type { Call } from "../wasm/call.ts";
import type { Launcher } from "../wasm/launcher.ts";
import type { Staging } from "../wasm/staging.ts";
import { createLaunch, empty, fill, type Launch, place, roomFor } from "../wasm/windows.ts";
import { MAXIMAL_STRIDES } from "./protocol.ts";

/** Bytes that a stride should bring along, and that the windows should hold: within the caller's second-level cache. */
const STRIDE_BYTES = 64 * 1024;
const RING_BYTES = 512 * 1024;
/** Strides a thread that the windows hold at least, and at most: of rows of 200 KB, four took 6% less time than eight. */
const FEWEST_WINDOWS_A_THREAD = 2;
const MOST_WINDOWS_A_THREAD = 4;
/** Partial results that are reduced together while the others are at work. */
const REDUCED = 8192;
/** Strides a thread, so that the last ones end at about the same time. */
const STRIDES_A_THREAD = 32;

/** Units of a launch, of a stride, and strides that the windows hold. */
interface Shape {
  readonly most: number;
  readonly stride: number;
  readonly ring: number;
}

/** Runs calls of a backend on several threads: in a file of its own, for most engines have one. */
export interface Sharing {
  /** Whether it pays, and can be done, for a call that is opened. */
  takes(call: Call): boolean;
  run(call: Call, staging: Staging, reduce: Reduce | undefined): void;
}

/** Shares calls out among the threads of a launcher, over their memory. */
export function createSharing(launcher: Launcher, buffer: ArrayBufferLike): Sharing {
  const launch = createLaunch(buffer);
  return {
    // windows must hold two strides, so that one is filled while another one is worked on
    takes: (call) =>
      launcher.shares(call.plan.kernel, call.work, call.unitBytes > 0) && 2 * call.unitBytes <= roomFor(call),
    run: (call, staging, reduce) => run(launcher, call, staging, launch, reduce),
  };
}

function shapeOf(call: Call, threads: number, smallestStride: number, reduces: boolean): Shape {
  const { units, unitBytes } = call;
  const limit = reduces ? Math.min(units, call.plan.sharedPartialUnits) : units;
  const strides = Math.min(MAXIMAL_STRIDES, threads * STRIDES_A_THREAD);
  // the fewest units of a stride, and as many as bring along the bytes that it should
  const fewest = Math.ceil((smallestStride * units) / Math.max(1, call.work));
  const wanted = Math.max(Math.ceil(limit / strides), fewest);
  if (unitBytes === 0) return shaped(limit, wanted, MAXIMAL_STRIDES);
  const room = roomFor(call);
  const bytes = Math.min(STRIDE_BYTES, room / (threads * FEWEST_WINDOWS_A_THREAD));
  const stride = Math.max(1, Math.min(wanted, Math.floor(bytes / unitBytes)));
  const windows = Math.floor(RING_BYTES / (stride * unitBytes));
  const ring = Math.max(threads * FEWEST_WINDOWS_A_THREAD, Math.min(threads * MOST_WINDOWS_A_THREAD, windows));
  return shaped(limit, stride, Math.min(ring, Math.floor(room / (stride * unitBytes))));
}

function shaped(limit: number, units: number, ring: number): Shape {
  // whole groups of rows that go through the lanes together
  const stride = units > 8 ? Math.floor(units / 8) * 8 : units;
  return { most: Math.min(limit, stride * MAXIMAL_STRIDES), stride, ring };
}

/**
 * Runs a call on several threads: the caller copies strides in ahead of the others and out behind them, and runs some
 * itself when the windows are full.
 */
function run(launcher: Launcher, call: Call, staging: Staging, launch: Launch, reduce: Reduce | undefined): void {
  const { most, stride, ring } = shapeOf(call, launcher.threads, launcher.smallestStride, reduce !== undefined);
  for (let first = 0; first < call.units; first += most) {
    launch.first = first;
    launch.units = Math.min(most, call.units - first);
    launch.stride = stride;
    launch.ring = ring;
    place(call, launch, staging, first === 0);
    launcher.open(call.plan, launch);
    try {
      runLaunch(launcher, call, staging, launch, reduce);
    } finally {
      launcher.close();
    }
  }
}

/** Runs one launch; while the others are at work, what is done is reduced, in order. */
function runLaunch(launcher: Launcher, call: Call, staging: Staging, launch: Launch, reduce: Reduce | undefined): void {
  const { first, partials, stride, units } = launch;
  const { partials: each } = call.plan;
  const strides = Math.ceil(units / stride);
  const isStaged = call.unitBytes > 0;
  let filled = isStaged ? 0 : strides;
  if (!isStaged) launcher.ready(strides);
  let reduced = 0;
  const reduceTo = (end: number) => {
    reduce?.(partials.subarray(reduced * each, end * each), end - reduced, first + reduced);
    reduced = end;
  };
  for (let settled = 0; settled < strides; ) {
    if (reduce && (settled * stride - reduced) * each >= REDUCED) reduceTo(settled * stride);
    else if (filled < strides && filled - settled < launch.ring) {
      fill(call, launch, staging, filled++);
      launcher.ready(filled);
    } else if (launcher.isDone(settled)) empty(call, launch, staging, settled++);
    else if (!launcher.help()) launcher.finish(settled);
  }
  reduceTo(units);
}
