import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Source } from "../evaluate/coverage.ts";
import { openSource } from "../formats/openSource.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { RowRange } from "./shift.ts";

/** So many bytes of either end of a file stand for what is in it. */
const END_BYTES = 2 ** 16;

/** An input, and which array of its file it is. */
export interface SourceInput {
  readonly tensor: Tensor;
  readonly path: string;
  readonly name: string | undefined;
}

/**
 * What a range of so many rows of the inputs together is known by, the same on any machine: base name, size, array, dtype, shape, first
 * and last 64 KiB of each. Null where one of them is no file, or comes from a server that sends no parts of it.
 */
export async function sourceOf(
  inputs: readonly SourceInput[],
  { first, end }: RowRange,
  rows: number,
): Promise<Source | null> {
  const hash = createHash("sha256");
  const names: string[] = [];
  for (const { tensor, path, name } of inputs) {
    if (path === "-") return null;
    const file = await openSource(path);
    try {
      const { size, readAt } = file;
      if (size === undefined || readAt === undefined) return null;
      const { dtype, shape } = tensor;
      names.push(basename(file.path));
      hash.update(`${JSON.stringify([basename(file.path), size, name ?? null, dtype, shape ?? null])}\n`);
      for (const begin of [0, Math.max(0, size - END_BYTES)]) {
        const bytes = new Uint8Array(Math.min(END_BYTES, size));
        hash.update(bytes.subarray(0, await readAt(bytes, begin)));
      }
    } finally {
      await file.close();
    }
  }
  const stretch = [first, end - 1] as const;
  return { key: hash.digest("hex"), name: names[0], total: rows, rows: end > first ? [stretch] : [] };
}
