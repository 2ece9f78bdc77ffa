import type { Kernel } from "../kernels/kernel.ts";
import type { Plan } from "./plan.ts";

/** Runs launches of the WebAssembly backend elsewhere than on the caller's thread alone, one at a time. */
export interface Launcher {
  /** Whether it pays for a kernel on so many elements, all arrays together. */
  shares(kernel: Kernel, elements: number): boolean;
  /** Begins with units [0, units) of `elements` elements; the caller may go on meanwhile. */
  start(plan: Plan, units: number, elements: number, numbers: Float64Array): void;
  /** Takes part in what was begun, and returns when it is done. Without a launch it does nothing. */
  join(): void;
}
