import { nodeModule } from "../../module/node.ts";

/** The cores there are for this process; 1 where nothing says. */
export function countCores(): number {
  return nodeModule("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
