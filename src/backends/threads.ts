import type { Launcher } from "./launcher.ts";
import { type Exports, invoke, type Plan } from "./plan.ts";
import type { Pool } from "./pool.ts";
import {
  controlOf,
  EPOCH,
  FUNCTION,
  JOINING,
  LAUNCH,
  LEFT,
  MAXIMAL_STRIDES,
  NUMBERS,
  SCRATCH_AT,
  SLEEPERS,
  STRIDE,
  STRIDES,
  take,
  UNITS,
} from "./protocol.ts";

/** How launches are shared out; measured on two cores. */
export interface Tuning {
  /** Calls of fewer elements, all arrays together, stay on the caller's thread. */
  readonly smallestCall: number;
  /** Strides a thread, so that the last ones end at about the same time, and the fewest elements of one. */
  readonly stridesAThread: number;
  readonly smallestStride: number;
  /** How long a worker that has a core to itself spins for the next launch before it sleeps. */
  readonly workerSpinMilliseconds: number;
  /** How long the caller spins for the last strides before it sleeps, and then waits until it gives a worker up. */
  readonly spinMilliseconds: number;
  readonly patienceMilliseconds: number;
}

export const TUNING: Tuning = {
  smallestCall: 32768,
  stridesAThread: 32,
  smallestStride: 2048,
  workerSpinMilliseconds: 0.2,
  spinMilliseconds: 0.1,
  patienceMilliseconds: 2000,
};

/** Launch numbers run from 1 to this, and then again from 1: no complement of one is another. */
const LAST_LAUNCH = 2 ** 30;

/** Runs launches on the workers of a pool and on the caller's thread. */
export function createThreads(exports: Exports, buffer: ArrayBufferLike, pool: Pool, tuning: Tuning): Launcher {
  const { words, flags, numbers } = controlOf(buffer);
  const names = Object.keys(exports);
  const mayWait = canWait(words);
  let launch = 0;
  /** Strides of the launch that is running; 0 when none is. */
  let strides = 0;
  let stride = 0;
  let units = 0;
  let plan: Plan;

  function runStride(i: number): void {
    invoke(plan.f, i * stride, Math.min((i + 1) * stride, units), numbers, plan.slots.length);
    Atomics.store(flags, i, launch);
  }

  function start(of: Plan, count: number, elements: number, pointers: Float64Array): void {
    if (strides > 0) join();
    plan = of;
    units = count;
    const threads = pool.size + 1;
    const elementsAUnit = Math.max(1, elements / count);
    const most = Math.min(MAXIMAL_STRIDES, threads * tuning.stridesAThread);
    const smallest = Math.ceil(tuning.smallestStride / elementsAUnit);
    stride = Math.max(Math.ceil(units / most), smallest);
    // whole groups of rows that go through the lanes together
    if (stride > 8) stride = Math.ceil(stride / 8) * 8;
    strides = Math.ceil(units / stride);

    launch = (launch % LAST_LAUNCH) + 1;
    if (launch === 1) flags.fill(0);
    words[LAUNCH] = launch;
    words[STRIDES] = strides;
    words[STRIDE] = stride;
    words[UNITS] = units;
    words[FUNCTION] = names.indexOf(plan.name);
    words[NUMBERS] = plan.slots.length;
    words[SCRATCH_AT] = plan.slots.findIndex(({ role }) => role === "scratch");
    numbers.set(pointers);
    Atomics.store(words, LEFT, strides);
    Atomics.store(words, EPOCH, launch);
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, EPOCH, strides);
  }

  /**
   * Takes part until nothing is left, then waits for what others took. What a worker leaves unfinished is run again here:
   * the same values go to the same places. Only a kernel that writes where it reads can't be run again.
   */
  function join(): void {
    const total = strides;
    strides = 0;
    for (let left = take(words); left > 0; left = take(words)) runStride(total - left);
    let gaveUp = false;
    let lost = 0;
    for (let i = 0; i < total; i++) {
      if (Atomics.load(flags, i) !== launch && !gaveUp) waitFor(i);
      const flag = Atomics.load(flags, i);
      if (flag === launch) continue;
      if (flag === ~launch) pool.loseFailed();
      else if (!gaveUp) {
        gaveUp = true;
        pool.dismissRunning(`no answer for ${tuning.patienceMilliseconds / 1000} s`);
      }
      if (isInPlace(plan, numbers)) lost++;
      else runStride(i);
    }
    if (lost === 0) return;
    throw new Error(
      `${plan.kernel.name}: a worker stopped while it overwrote its input in place; ${lost} of ${total} parts are lost`,
    );
  }

  /** Waits until stride i is flagged, within bounds. */
  function waitFor(i: number): void {
    const begin = performance.now();
    const pending = () => {
      const flag = Atomics.load(flags, i);
      return flag !== launch && flag !== ~launch;
    };
    for (let k = 0; pending(); k++) {
      if (k % 64 !== 63) continue;
      const waited = performance.now() - begin;
      if (waited > tuning.patienceMilliseconds) return;
      if (!mayWait || waited < tuning.spinMilliseconds) continue;
      Atomics.store(words, JOINING, 1);
      if (pending()) Atomics.wait(words, JOINING, 1, tuning.patienceMilliseconds - waited + 1);
    }
  }

  return {
    shares(of, elements) {
      if (elements < tuning.smallestCall || of.splits === false) return false;
      pool.mend();
      return pool.size > 0;
    },
    start,
    join,
  };
}

/** Whether a kernel writes where it reads: then it can't be run again. */
function isInPlace({ slots }: Plan, numbers: Float64Array): boolean {
  const of = (role: string) => slots.filter((it) => it.role === role).map(({ position }) => numbers[position]);
  const inputs = of("in");
  return of("out").some((address) => address !== 0 && inputs.includes(address));
}

/** Atomics.wait throws on the main thread of a browser. */
function canWait(words: Int32Array): boolean {
  try {
    Atomics.wait(words, JOINING, 1, 0);
    return true;
  } catch {
    return false;
  }
}
