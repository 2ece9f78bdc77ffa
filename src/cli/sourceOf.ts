import { basename } from "node:path";
import type { Source } from "../evaluate/coverage.ts";
import { openSource } from "../formats/openSource.ts";
import type { RowRange } from "../formats/rows/shift.ts";
import type { Tensor } from "../formats/tensor.ts";

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
 * and last 64 KiB of each. Null where one of them is no file, or comes from a server that sends no parts of it, and in a page without
 * SHA-256, which is not served securely.
 */
export async function sourceOf(
  inputs: readonly SourceInput[],
  { first, end }: RowRange,
  rows: number,
): Promise<Source | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const parts: BlobPart[] = [];
  const names: string[] = [];
  for (const { tensor, path, name } of inputs) {
    if (path === "-") return null;
    const file = await openSource(path, END_BYTES);
    try {
      const { size, readAt } = file;
      if (size === undefined || readAt === undefined) return null;
      const { dtype, shape } = tensor;
      names.push(basename(file.path));
      parts.push(`${JSON.stringify([basename(file.path), size, name ?? null, dtype, shape ?? null])}\n`);
      for (const begin of [0, Math.max(0, size - END_BYTES)]) {
        const bytes = new Uint8Array(Math.min(END_BYTES, size));
        parts.push(bytes.subarray(0, await readAt(bytes, begin)));
      }
    } finally {
      await file.close();
    }
  }
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  const key = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const stretch = [first, end - 1] as const;
  return { key, name: names[0], total: rows, rows: end > first ? [stretch] : [] };
}
