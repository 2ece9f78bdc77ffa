import { nodeModule } from "../../module/node.ts";

/** What V8 reserves for a worker, and more: 590 MB were measured. Where it finds less it ends the process. */
const WORKER_BYTES = 2 ** 30;

/** Whether this process may take addresses for so many workers: `ulimit -v` bounds them, and Linux tells. */
export function hasRoomFor(workers: number): boolean {
  const fs = nodeModule("node:fs");
  // Deno would ask its user first
  if (!fs || "Deno" in globalThis) return true;
  try {
    const limit = /^Max address space +(\d+)/m.exec(fs.readFileSync("/proc/self/limits").toString("utf8"));
    // "unlimited" is no number
    if (limit === null) return true;
    const taken = /^VmSize:\s*(\d+) kB/m.exec(fs.readFileSync("/proc/self/status").toString("utf8"));
    return Number(limit[1]) - 1024 * Number(taken?.[1]) > workers * WORKER_BYTES;
  } catch {
    return true;
  }
}
