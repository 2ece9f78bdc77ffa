import { openNpy, writeNpy } from "../../src/formats/npy.ts";

// As losses.ts: compiled by lint, and by test/projects/types.ts with every TypeScript that the package is for; never run.

export function files() {
  writeNpy("x.npy", Float64Array.of(1, 2), [2]);
  writeNpy("y.npy", BigInt64Array.of(BigInt(1)), [1]);
  const file = openNpy("x.npy");
  const shape: readonly number[] = file.shape;
  const read: number = file.read(new Float64Array(2));
  file.close();
  // @ts-expect-error: no numbers
  writeNpy("z.npy", ["1"], [1]);
  // @ts-expect-error: no such property
  return [shape, read, file.rank];
}
