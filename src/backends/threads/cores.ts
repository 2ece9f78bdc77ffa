/** The cores there are for this process; 1 where nothing says. */
export function countCores(): number {
  const node = globalThis.process?.getBuiltinModule;
  return node?.("node:os").availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
