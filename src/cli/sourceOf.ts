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
/**
 * What a range of so many rows of the inputs together is known by, the same on any machine: base name, size, array, dtype, shape, first
 * and last 64 KiB of each. Null where one of them is no file, and in a page without SHA-256, which is not served securely.
 */
export async function sourceOf(
  inputs: readonly SourceInput[],
  { first, end }: RowRange,
  rows: number,
): Promise<Source | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const parts: BlobPart[] = [];
  for (const { tensor, path, name } of inputs) {
    if (path === "-") return null;
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return null;
      const { dtype, shape } = tensor;
      parts.push(`${JSON.stringify([basename(path), stat.size, name ?? null, dtype, shape ?? null])}\n`);
      parts.push(await bytesOf(file, 0, Math.min(END_BYTES, stat.size)));
      parts.push(await bytesOf(file, Math.max(0, stat.size - END_BYTES), stat.size));
    } finally {
      await file.close();
    }
  }
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  const key = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const stretch = [first, end - 1] as const;
  return { key, name: basename(inputs[0].path), total: rows, rows: end > first ? [stretch] : [] };
}

async function bytesOf(file: FileHandle, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
