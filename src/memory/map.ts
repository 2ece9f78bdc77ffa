import { KEEP, ROOT_RESTS, ROOTS, TABLE } from "../descriptions/addresses.ts";
import { CONSTANTS } from "../kernels/constant.ts";
import { REST_OF_ROOT, ROOT_OF_2 } from "../kernels/functions/exp64.ts";

// The map of a WebAssembly memory, in bytes. src/descriptions/addresses.ts has what kernels know of it; everything else is
// handed to them as a pointer.

const KIB = 1024;

/** Control words of a launch. */
export const CONTROL = 0;
/** Working memory of a thread. */
export const SCRATCH = 8 * KIB;
/** Bytes of a thread's working memory: src/descriptions/scratch.ts says what stands there. */
export const SCRATCH_BYTES = 68 * KIB;
/** Bins of the exact sum. */
export const BINS = SCRATCH + SCRATCH_BYTES;
export const BINS_BYTES = 32 * KIB;
/** One float64 a unit, reduced after each launch: so many units a launch, so that they are still in the cache. */
export const PARTIALS = BINS + BINS_BYTES;
export const PARTIAL_UNITS = 8192;
/**
 * The same on several threads. More, since all wait for the last one at the end of a launch: 100,000 rows of 10 took 1.03 times
 * as long with 32768, and 1.13 times of that with 8192.
 */
export const SHARED_PARTIAL_UNITS = 131072;
/** Where arrays from outside pass through. A row (with its targets, gradient...) that is larger has a memory of its own: see wideRows.ts. */
export const WINDOWS = PARTIALS + 8 * SHARED_PARTIAL_UNITS;
export const WINDOWS_BYTES = 4096 * KIB;
/** Where evaluators add up. */
export const WORKSPACE = WINDOWS + WINDOWS_BYTES;
export const WORKSPACE_BYTES = 512 * KIB;
/** What alloc() gives out. */
export const ARENA = WORKSPACE + WORKSPACE_BYTES;
/** Kernels read (and mask out) up to 128 bytes beyond an array. */
export const SLACK = 256;

/** Views end with a line of 64 bytes: so much more, so that one view of all the arena's bytes can be had. */
export const ARENA_OVERHEAD = 64;

export const PAGE = 64 * KIB;

/** A worker's own words, then its scratch; a line and a page's part further than the last one's. */
export const WORKER_SCRATCH = 64;
export const WORKER_BYTES = WORKER_SCRATCH + SCRATCH_BYTES + 704;

/** Where the words and the scratch of worker `i` start: behind the arena. */
export function workerArea(arenaBytes: number, i: number): number {
  return Math.ceil((ARENA + arenaBytes + ARENA_OVERHEAD + SLACK) / 64) * 64 + i * WORKER_BYTES;
}

/** Pages of a memory with an arena of so many bytes, and workers beside the caller. */
export function pagesFor(arenaBytes: number, workers = 0): number {
  return Math.ceil(workerArea(arenaBytes, workers) / PAGE);
}

/** Writes the constant table, the masks and the tables of exp. */
export function writeConstants(buffer: ArrayBufferLike): void {
  CONSTANTS.forEach(({ f32, f64 }, i) => {
    new Float32Array(buffer, TABLE + 32 * i, 4).fill(f32);
    new Float64Array(buffer, TABLE + 32 * i + 16, 2).fill(f64);
  });
  const bits = new BigInt64Array(ROOT_OF_2.buffer);
  new BigInt64Array(buffer, ROOTS, 256).set(bits.map((root, j) => BigInt.asUintN(52, root) - (BigInt(j) << 44n)));
  new Float64Array(buffer, ROOT_RESTS, 256).set(REST_OF_ROOT);
  // KEEP, ONE_HOT_4 and ONE_HOT_8, each 128 bytes
  const masks = new Uint8Array(buffer, KEEP, 384);
  masks.fill(255, 0, 64);
  masks.fill(255, 128 + 64, 128 + 68);
  masks.fill(255, 256 + 64, 256 + 72);
}
