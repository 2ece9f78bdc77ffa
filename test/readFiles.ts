/** Files of the command line's formats, written, opened and read to their end. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { OpenOptions } from "../src/formats/openOptions.ts";
import { openBoth, openTensor } from "../src/formats/openTensor.ts";
import { arrayOf, type Tensor } from "../src/formats/tensor.ts";

/** A folder for the files of the calling suite, gone after it. */
export function folderOfFiles(): { write(name: string, data: string | Uint8Array): string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-files-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return {
    folder,
    write(name, data) {
      writeFileSync(join(folder, name), data);
      return join(folder, name);
    },
  };
}

/** All elements, read so many at a time. */
export async function elementsOf(tensor: Tensor, atATime = 7): Promise<number[]> {
  const into = new (arrayOf(tensor.dtype))(atATime);
  const all: number[] = [];
  for (let n = await tensor.read(into); n > 0; n = await tensor.read(into)) {
    for (let i = 0; i < n; i++) all.push(Number(into[i]));
  }
  return all;
}

export type Given = Partial<OpenOptions>;

/** Logits and labels of one file, read in turns of so many rows. */
export async function readBoth(path: string, given: Given = {}, rows = 7) {
  const labelled = { ...given, role: "labels" as const, floats: given.isRegression ?? false };
  const both = await openBoth(path, { ...given, role: "logits", floats: true }, labelled);
  const { logits, labels } = both;
  const perRow = logits.perRow ?? logits.shape?.at(-1) ?? 1;
  const all = { logits: [] as number[], labels: [] as number[] };
  try {
    const x = new (arrayOf(logits.dtype))(rows * perRow);
    const y = new (arrayOf(labels.dtype))(rows);
    for (;;) {
      const [n, m] = await Promise.all([logits.read(x), labels.read(y)]);
      for (let i = 0; i < n; i++) all.logits.push(Number(x[i]));
      for (let i = 0; i < m; i++) all.labels.push(Number(y[i]));
      if (n === 0 && m === 0) break;
    }
  } finally {
    await logits.close();
    await labels.close();
  }
  const { note, input, dtype } = logits;
  return { ...all, perRow, note: note?.replace(`${path}: `, ""), input, dtype, figures: both.figures };
}

/** One array of a file. */
export async function readOne(path: string, options: OpenOptions) {
  const tensor = await openTensor(path, options);
  try {
    const values = await elementsOf(tensor);
    return {
      values,
      note: tensor.note?.replace(`${path}: `, ""),
      dtype: tensor.dtype,
      perRow: tensor.perRow,
      shape: tensor.shape,
    };
  } finally {
    await tensor.close();
  }
}
