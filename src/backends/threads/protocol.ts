import { CONTROL } from "../../memory/map.ts";

// How launches are shared out: numbered words at the foot of memory, written by the caller and read by its workers.
//
// A launch is a few strides of units. Strides are numbered through all launches; LIMIT says up to which one the caller has
// them ready. Whoever takes the next one off TAKEN, by compare-and-exchange, runs it and then sets the stride's flag to the
// number of the launch. A launch ends when every flag shows its number, so arguments cannot change under a stride that was
// taken: they are read after taking it. A worker that comes late finds nothing to take, or takes a stride of the launch that
// runs now; either is right.

/** Words, by index. */
/** Strides taken, and ready to be taken. */
export const TAKEN = 0;
export const LIMIT = 1;
/** Counts what was made ready, and closing; workers sleep on it. Written last. */
export const EPOCH = 2;
/** 1 while the caller sleeps on it; a worker that finishes a stride wakes it. */
export const JOINING = 3;
/** Workers asleep. */
export const SLEEPERS = 4;
/** 1 when the pool is closed. */
export const CLOSED = 5;
/** 1 while the caller has nothing to do but to wake workers, or to wait for a stride. */
export const WAITING = 6;

/** In another cache line, since everyone reads them while the words above change hands: the launch's number. */
export const LAUNCH = 112;
/** The number of its first stride. */
export const FIRST = 113;
/** Units a stride, and of the launch. */
export const STRIDE = 114;
export const UNITS = 115;
/** Strides that the windows hold. */
export const RING = 116;
/** Which export of the module, in order, and how many numbers it takes. */
export const FUNCTION = 117;
export const NUMBERS = 118;
/** Place of the pointer that each thread replaces by that of its own scratch; -1 for none. */
export const SCRATCH_AT = 119;
const WORDS = 128;

/** The numbers, float64: up to so many. What is taken off them for each round of the ring. */
const ARGUMENTS = 64;
export const MAXIMAL_NUMBERS = 24;
const LAPS = ARGUMENTS + 8 * MAXIMAL_NUMBERS;
/** One word a stride of the launch: the number of the launch when it is done, its complement when it failed. */
const FLAGS = 4 * WORDS;
export const MAXIMAL_STRIDES = 128;

/** Words of a worker, at the start of its own area. */
export const STATE = 0;
export const READY = 1;
export const FAILED = 2;
/** The caller gave it up: it takes no stride any more. */
export const DISMISSED = 3;
/** 1 from before it takes a stride until there is none left to take. */
export const RUNS = 1;

/** The views of one thread. */
export interface Control {
  readonly words: Int32Array;
  readonly flags: Int32Array;
  readonly numbers: Float64Array;
  readonly laps: Float64Array;
}

export function controlOf(buffer: ArrayBufferLike): Control {
  return {
    words: new Int32Array(buffer, CONTROL, WORDS),
    flags: new Int32Array(buffer, CONTROL + FLAGS, MAXIMAL_STRIDES),
    numbers: new Float64Array(buffer, CONTROL + ARGUMENTS, MAXIMAL_NUMBERS),
    laps: new Float64Array(buffer, CONTROL + LAPS, MAXIMAL_NUMBERS),
  };
}

/** Takes the next stride that is ready: its number, or -1 where there is none. */
export function take(words: Int32Array): number {
  let next = Atomics.load(words, TAKEN);
  // neither ever falls within a launch: what was ready stays so
  while (next < Atomics.load(words, LIMIT)) {
    const seen = Atomics.compareExchange(words, TAKEN, next, next + 1);
    if (seen === next) return next;
    next = seen;
  }
  return -1;
}

/** What a worker is started with. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where its own area starts. */
  readonly area: number;
  /** How long it spins for the next launch before it sleeps. */
  readonly spinMilliseconds: number;
}

/** The one message of a worker: it runs, or why not. */
export type Report = { readonly ready: true } | { readonly ready: false; readonly reason: string };
