import { invoke } from "../../generated/invoke.ts";
import type { Launcher } from "../wasm/launcher.ts";
import type { Exports, Plan } from "../wasm/plan.ts";
import type { Launch } from "../wasm/windows.ts";
import type { Pool } from "./pool.ts";
import {
  controlOf,
  EPOCH,
  FIRST,
  FUNCTION,
  JOINING,
  LAUNCH,
  LIMIT,
  MAXIMAL_NUMBERS,
  NUMBERS,
  RING,
  SCRATCH_AT,
  SLEEPERS,
  STRIDE,
  TAKEN,
  take,
  UNITS,
  WAITING,
} from "./protocol.ts";

/** By what a kernel's units are, and whether arrays pass through windows. */
interface Smallest {
  readonly row: number;
  readonly stagedRow: number;
  readonly block: number;
  readonly stagedBlock: number;
}

/** How launches are shared out; measured on two cores. */
export interface Tuning {
  /** Calls of fewer elements, all arrays together, stay on the caller's thread. */
  readonly smallestCall: Smallest;
  /** The fewest elements of a stride. */
  readonly smallestStride: number;
  /** How long a worker that has a core to itself spins for the next launch before it sleeps. */
  readonly workerSpinMilliseconds: number;
  /**
   * How long the caller spins for the last strides before it sleeps, and then waits until it gives a worker up. Where a result
   * overwrites its input that would lose it, so there it waits ten times as long.
   */
  readonly spinMilliseconds: number;
  readonly patienceMilliseconds: number;
}

export const TUNING: Tuning = {
  // from here on two threads take 0.6 of the time of one for rows of 1000, 0.75 for rows of 10; half as many are one or two
  // strides, and a loss. Through windows 0.7 for cross-entropy, 1 for softmax, whose results are copied out. Element-wise
  // losses are less work: 0.65. Through windows they are mostly the caller's copying: two threads take as long as one
  smallestCall: { row: 32768, stagedRow: 65536, block: 131072, stagedBlock: Number.POSITIVE_INFINITY },
  smallestStride: 16384,
  // shorter: with 0.04 staged cross-entropy was 1.40 times as fast as on one thread, not 1.61
  workerSpinMilliseconds: 0.2,
  spinMilliseconds: 0.1,
  patienceMilliseconds: 2000,
};

/** A clock that jumps by more (Ctrl-Z, a suspended container) says that all of the process stood still, not that a worker did. */
const SLICE_MILLISECONDS = 100;

/** Launch numbers run from 1 to this, and then again from 1: no complement of one is another. Strides start again, too. */
const LAST = 2 ** 30;

/** Runs launches on the workers of a pool and on the caller's thread. */
export function createThreads(exports: Exports, buffer: ArrayBufferLike, pool: Pool, tuning: Tuning): Launcher {
  const { words, flags, numbers, laps } = controlOf(buffer);
  const names = Object.keys(exports);
  const mayWait = canWait(words);
  /** The caller's arguments where the ring has gone round. */
  const shifted = new Float64Array(MAXIMAL_NUMBERS);
  let number = 0;
  let plan: Plan;
  let launch: Launch;
  /** Of the launch: its first stride's number, those that are ready, and those that are lost. */
  let first = 0;
  let readied = 0;
  let lost = 0;
  /** Strides below this one that are not done won't be: the workers that took them were given up. */
  let abandoned = 0;

  function run(stride: number): void {
    const begin = stride * launch.stride;
    const end = Math.min(begin + launch.stride, launch.units);
    const lap = Math.floor(stride / launch.ring);
    const n = plan.slots.length;
    for (let i = 0; i < n; i++) shifted[i] = launch.numbers[i] - lap * launch.laps[i];
    invoke(plan.f, begin, end, shifted, n);
    Atomics.store(flags, stride, number);
  }

  /** What a worker left unfinished: the same values go to the same places. Not where a kernel writes where it reads. */
  function runAgain(stride: number): void {
    if (isInPlace(plan, launch.numbers)) {
      lost++;
      Atomics.store(flags, stride, number);
    } else run(stride);
  }

  function help(): boolean {
    const next = take(words);
    if (next < 0) return false;
    run(next - first);
    return true;
  }

  const isPending = (flag: number) => flag !== number && flag !== ~number;

  function finish(stride: number): void {
    const patience = tuning.patienceMilliseconds * (isInPlace(plan, launch.numbers) ? 10 : 1);
    while (isPending(Atomics.load(flags, stride)) && first + stride >= abandoned) {
      Atomics.store(words, WAITING, 1);
      const done = waitFor(stride, patience);
      Atomics.store(words, WAITING, 0);
      if (done) break;
      // whoever took a stride below this number says that it runs
      const taken = Atomics.load(words, TAKEN);
      pool.dismissRunning(`no answer for ${patience / 1000} s`);
      abandoned = taken;
    }
    const flag = Atomics.load(flags, stride);
    if (flag === ~number) pool.loseFailed();
    if (flag !== number) runAgain(stride);
  }

  /** Waits until a stride is flagged; false where that takes too long. */
  function waitFor(stride: number, patience: number): boolean {
    let last = performance.now();
    let waited = 0;
    const pending = () => isPending(Atomics.load(flags, stride));
    for (let k = 0; pending(); k++) {
      if (k % 64 !== 63) continue;
      const now = performance.now();
      waited += Math.min(now - last, SLICE_MILLISECONDS);
      last = now;
      if (waited > patience) return false;
      if (!mayWait || waited < tuning.spinMilliseconds) continue;
      Atomics.store(words, JOINING, 1);
      if (pending()) Atomics.wait(words, JOINING, 1, Math.min(patience - waited + 1, SLICE_MILLISECONDS));
    }
    return true;
  }

  return {
    get threads() {
      return pool.size + 1;
    },
    smallestStride: tuning.smallestStride,
    shares({ unit, splits }, elements, staged) {
      const { row, stagedRow, block, stagedBlock } = tuning.smallestCall;
      const smallest = unit === "row" ? (staged ? stagedRow : row) : staged ? stagedBlock : block;
      if (elements < smallest || splits === false) return false;
      pool.mend();
      return pool.size > 0;
    },
    open(of, it) {
      plan = of;
      launch = it;
      lost = 0;
      abandoned = 0;
      if (words[LIMIT] > LAST) {
        Atomics.store(words, LIMIT, 0);
        Atomics.store(words, TAKEN, 0);
      }
      first = words[LIMIT];
      number = (number % LAST) + 1;
      if (number === 1) flags.fill(0);
      words[LAUNCH] = number;
      words[FIRST] = first;
      words[STRIDE] = launch.stride;
      words[UNITS] = launch.units;
      words[RING] = launch.ring;
      words[FUNCTION] = names.indexOf(plan.name);
      words[NUMBERS] = plan.slots.length;
      words[SCRATCH_AT] = plan.slots.findIndex(({ role }) => role === "scratch");
      numbers.set(launch.numbers);
      laps.set(launch.laps);
    },
    ready(strides) {
      const more = strides - readied;
      readied = strides;
      Atomics.store(words, LIMIT, first + strides);
      Atomics.add(words, EPOCH, 1);
      if (Atomics.load(words, SLEEPERS) === 0) return;
      Atomics.store(words, WAITING, 1);
      Atomics.notify(words, EPOCH, more);
      Atomics.store(words, WAITING, 0);
    },
    help,
    isDone: (stride) => Atomics.load(flags, stride) === number,
    finish,
    close() {
      // what an error left behind
      while (help());
      const strides = readied;
      for (let i = 0; i < strides; i++) if (Atomics.load(flags, i) !== number) finish(i);
      readied = 0;
      if (lost === 0) return;
      throw new Error(
        `${plan.kernel.name}: a worker stopped while it overwrote its input in place; ${lost} of ${strides} parts are lost`,
      );
    },
  };
}

/** Whether a kernel writes where it reads: then it can't be run again. */
function isInPlace({ slots }: Plan, numbers: Float64Array): boolean {
  const of = (role: string) => slots.filter((it) => it.role === role).map(({ position }) => numbers[position]);
  const inputs = of("in");
  if (of("inout").some((address) => address !== 0)) return true;
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
