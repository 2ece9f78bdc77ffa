// The worker, bundled into one script without imports (scripts/build.ts). It reports once that it runs; from then on it
// lives in this loop, and only Atomics reach it.

import { WORKER_SCRATCH } from "../../memory/map.ts";
import { nodeModule } from "../../module/node.ts";
import {
  CLOSED,
  controlOf,
  DISMISSED,
  EPOCH,
  FAILED,
  FIRST,
  FUNCTION,
  JOINING,
  LAUNCH,
  LIMIT,
  NUMBERS,
  READY,
  type Report,
  RING,
  RUNS,
  SCRATCH_AT,
  SLEEPERS,
  STATE,
  STRIDE,
  type Start,
  take,
  UNITS,
  WAITING,
} from "./protocol.ts";

/**
 * Turns of the loop: a caller that runs sees within 2 us that a stride is done. With 100 a launch of a sleeping worker took
 * 166 us. A count, as clocks may be coarser.
 */
const OVERLOOKED_TURNS = 16;

/** What the loop needs of a port, in Node's workers and in browsers'. */
interface Port {
  postMessage(report: Report): void;
  once?(event: "message", listener: (start: Start) => void): void;
  onmessage?: ((event: { data: Start }) => void) | null;
}

const scope = globalThis as unknown as Port;
const port = (nodeModule("node:worker_threads")?.parentPort ?? scope) as Port;
if (port.once) port.once("message", start);
else scope.onmessage = ({ data }) => start(data);

function start({ module, memory, area, spinMilliseconds }: Start): void {
  let functions: ((begin: number, end: number, ...numbers: number[]) => void)[];
  try {
    functions = Object.values(new WebAssembly.Instance(module, { env: { memory } }).exports) as typeof functions;
  } catch (error) {
    port.postMessage({ ready: false, reason: String(error) });
    return;
  }
  const own = new Int32Array(memory.buffer, area, WORKER_SCRATCH / 4);
  Atomics.compareExchange(own, STATE, 0, READY);
  port.postMessage({ ready: true });
  work(functions, memory.buffer, own, area + WORKER_SCRATCH, spinMilliseconds);
}

function work(
  functions: ((begin: number, end: number, ...numbers: number[]) => void)[],
  buffer: ArrayBufferLike,
  own: Int32Array,
  scratch: number,
  spinMilliseconds: number,
): void {
  const { words, flags, numbers, laps } = controlOf(buffer);
  let known = -1;
  let f = functions[0];
  let parameters: number[] = [];
  for (;;) {
    const epoch = Atomics.load(words, EPOCH);
    Atomics.store(own, RUNS, 1);
    const number = take(words);
    if (number < 0) {
      Atomics.store(own, RUNS, 0);
      if (isOver(words, own)) return;
      idle(words, flags, known, epoch, spinMilliseconds);
      continue;
    }
    const stride = number - words[FIRST];
    const launch = words[LAUNCH];
    const count = words[NUMBERS];
    if (launch !== known) {
      known = launch;
      f = functions[words[FUNCTION]];
      parameters = Array.from(numbers.subarray(0, count));
      if (words[SCRATCH_AT] >= 0) parameters[words[SCRATCH_AT]] = scratch;
    }
    const lap = Math.floor(stride / words[RING]);
    const pointers = lap === 0 ? parameters : parameters.map((x, i) => x - lap * laps[i]);
    const begin = stride * words[STRIDE];
    const end = Math.min(begin + words[STRIDE], words[UNITS]);
    // given up meanwhile, it may have read of another launch
    if (isOver(words, own)) return;
    try {
      f(begin, end, ...pointers);
    } catch (error) {
      Atomics.store(own, STATE, FAILED);
      finish(words, flags, stride, ~launch);
      throw error;
    }
    finish(words, flags, stride, launch);
  }
}

function isOver(words: Int32Array, own: Int32Array): boolean {
  return Atomics.load(words, CLOSED) === 1 || Atomics.load(own, STATE) === DISMISSED;
}

/** Flags a stride, and wakes the caller where it sleeps. */
function finish(words: Int32Array, flags: Int32Array, stride: number, flag: number): void {
  Atomics.store(flags, stride, flag);
  if (Atomics.compareExchange(words, JOINING, 1, 0) === 1) Atomics.notify(words, JOINING);
}

/** Whether all strides of the launch are flagged. */
function isDone(words: Int32Array, flags: Int32Array, launch: number): boolean {
  const strides = Math.min(words[LIMIT] - words[FIRST], flags.length);
  for (let i = 0; i < strides; i++) if (Atomics.load(flags, i) !== launch) return false;
  return true;
}

/**
 * Waits for a launch after `epoch`: spins for a moment (it then starts within 1 us), then sleeps. At once where the caller does
 * not see that the launch it waits for is done: then it may have no core but this worker's. Linux wakes a worker on the
 * caller's core and lets it go first; launches of sleeping workers took 215 us, the time that one spins, and take 21 now.
 * (Not to do so where the caller sleeps until it is notified: 315.)
 */
function idle(words: Int32Array, flags: Int32Array, launch: number, epoch: number, spinMilliseconds: number): void {
  const until = performance.now() + spinMilliseconds;
  for (let turns = 0; turns < OVERLOOKED_TURNS && performance.now() < until; turns++) {
    for (let i = 0; i < 64; i++) if (Atomics.load(words, EPOCH) !== epoch) return;
    if (Atomics.load(words, WAITING) === 0 || !isDone(words, flags, launch)) turns = 0;
  }
  Atomics.add(words, SLEEPERS, 1);
  Atomics.wait(words, EPOCH, epoch);
  Atomics.sub(words, SLEEPERS, 1);
}
