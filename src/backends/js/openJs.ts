import { KERNEL_LOOPS } from "../../kernels/loops.ts";
import { createScratch } from "../../kernels/scratch.ts";
import type { Backend } from "../backend.ts";
import { createJsBackend } from "./jsBackend.ts";

/** The JavaScript backend with every loop. */
export function openJs(arenaBytes: number): Backend {
  return createJsBackend(KERNEL_LOOPS, createScratch(), arenaBytes);
}
