import type { Kernel } from "../../descriptions/kernel.ts";
import type { Plan } from "./plan.ts";
import type { Launch } from "./windows.ts";

/** Runs launches of the WebAssembly backend on several threads, one at a time. */
export interface Launcher {
  /** The caller's included. */
  readonly threads: number;
  /** The fewest elements of a stride, all arrays together. */
  readonly smallestStride: number;
  /** Whether it pays for a kernel on so many elements, all arrays together; `staged`: some pass through windows. */
  shares(kernel: Kernel, elements: number, staged: boolean): boolean;
  /** Begins with a launch whose strides are not ready yet; the one before is finished. */
  open(plan: Plan, launch: Launch): void;
  /** Strides below this one may be run. */
  ready(strides: number): void;
  /** Runs a stride that is ready on the caller's thread; false where none is left. */
  help(): boolean;
  /** Whether a stride is done. */
  isDone(stride: number): boolean;
  /** Waits until a stride is done, within bounds, or runs it again. */
  finish(stride: number): void;
  /** Ends the launch: finishes what is ready. Throws where a stride was lost. */
  close(): void;
}
