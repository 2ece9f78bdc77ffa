import { CONTROL } from "../memory/map.ts";

// How a launch is shared out: numbered words at the foot of memory, written by the caller and read by its workers.
//
// A launch is a few strides of units. Whoever takes one off LEFT, by compare-and-exchange, runs it and then sets the
// stride's flag to the number of the launch. A launch ends when every flag shows its number, so arguments cannot change
// under a stride that was taken: they are read after taking it. A worker that comes late finds nothing left, or takes a
// stride of the launch that runs now; either is right.

/** Words, by index. */
export const LEFT = 0;
/** Number of the launch; workers sleep on it. Written last. */
export const EPOCH = 1;
/** The number of the launch that LEFT counts. */
export const LAUNCH = 2;
/** 1 while the caller sleeps on it; a worker that finishes a stride wakes it. */
export const JOINING = 3;
/** Workers asleep. */
export const SLEEPERS = 4;
export const STRIDES = 5;
/** Units a stride, and of the launch. */
export const STRIDE = 6;
export const UNITS = 7;
/** Which export of the module, in order, and how many numbers it takes. */
export const FUNCTION = 8;
export const NUMBERS = 9;
/** Place of the pointer that each thread replaces by that of its own scratch; -1 for none. */
export const SCRATCH_AT = 10;
/** 1 when the pool is closed. */
export const CLOSED = 11;

/** The numbers, float64: up to so many. */
const ARGUMENTS = 64;
export const MAXIMAL_NUMBERS = 32;
/** One word a stride: the number of the launch when it is done, its complement when it failed. */
const FLAGS = 512;
export const MAXIMAL_STRIDES = 128;

/** Words of a worker, at the start of its own area. */
export const STATE = 0;
export const READY = 1;
export const FAILED = 2;
/** The caller gave it up: it takes no stride any more. */
export const DISMISSED = 3;
/** The stride that it runs, plus 1. */
export const RUNS = 1;

/** The views of one thread. */
export interface Control {
  readonly words: Int32Array;
  readonly flags: Int32Array;
  readonly numbers: Float64Array;
}

export function controlOf(buffer: ArrayBufferLike): Control {
  return {
    words: new Int32Array(buffer, CONTROL, 16),
    flags: new Int32Array(buffer, CONTROL + FLAGS, MAXIMAL_STRIDES),
    numbers: new Float64Array(buffer, CONTROL + ARGUMENTS, MAXIMAL_NUMBERS),
  };
}

/** Takes one stride: how many were left, itself included, or 0 where there is none. */
export function take(words: Int32Array): number {
  let left = Atomics.load(words, LEFT);
  while (left > 0) {
    const seen = Atomics.compareExchange(words, LEFT, left, left - 1);
    if (seen === left) return left;
    left = seen;
  }
  return 0;
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
