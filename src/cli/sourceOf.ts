import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { Source } from "../evaluate/coverage.ts";
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
 * and last 64 KiB of each. Null where one of them is no file.
 */
export async function sourceOf(
  inputs: readonly SourceInput[],
  { first, end }: RowRange,
  rows: number,
): Promise<Source | null> {
  const hash = createHash("sha256");
  for (const { tensor, path, name } of inputs) {
    if (path === "-") return null;
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return null;
      const { dtype, shape } = tensor;
      hash.update(`${JSON.stringify([basename(path), stat.size, name ?? null, dtype, shape ?? null])}\n`);
      hash.update(await bytesOf(file, 0, Math.min(END_BYTES, stat.size)));
      hash.update(await bytesOf(file, Math.max(0, stat.size - END_BYTES), stat.size));
    } finally {
      await file.close();
    }
  }
  const stretch = [first, end - 1] as const;
  return { key: hash.digest("hex"), name: basename(inputs[0].path), total: rows, rows: end > first ? [stretch] : [] };
}

async function bytesOf(file: FileHandle, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
