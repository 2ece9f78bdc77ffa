/**
 * Whether all cases run of what is broad: `npm run test:exhaustive` sets it for the suites that it names, `npm test` runs a share.
 */
export const everything = globalThis.process?.env.EVERYTHING === "1";

/** Where everything runs: of the combinations of options of element-wise losses every nth one, in turn with the sizes. */
export const COMBINATIONS = Number(globalThis.process?.env.COMBINATIONS ?? 1);

/** All items where everything runs, else every nth one from the first on. */
export function someOf<T>(items: readonly T[], n: number): readonly T[] {
  return everything ? items : items.filter((_, i) => i % n === 0);
}

/** Makes a value when it is first asked for: what an oracle says is worked out once for all backends. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
