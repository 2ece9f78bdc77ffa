/** Random mutations of valid files and states: what reads them must say no in one line, or read them. */
import { readFileSync } from "node:fs";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { RandomSource } from "../src/formats/bytes.ts";
import { FormatError } from "../src/formats/error.ts";
import { FORMATS } from "../src/formats/formatList.ts";
import { openArchive } from "../src/formats/openFile.ts";
import { tensorFrom } from "../src/formats/openFrom.ts";
import { arrayOf } from "../src/formats/tensor.ts";
import { openWebArchive } from "../src/formats/webArchive.ts";
import { createLosses, evaluationOf, mergeStates, regressionEvaluator, regressionOf } from "../src/index.node.ts";
import { bytesOf, llamaFile, npy, safetensors, sampleLine, zip } from "./files.ts";
import { labelsOf, logitsOf, mulberry32, type Random } from "./inputs.ts";

const NUMBERS = ["-1", "0", "4294967296", "9007199254740993", "1e400", "99999999999999999999", "[]", "null", '"x"'];

/** One to four changes: a bit, a byte, a number in text, a stretch cut out, doubled, or filled. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const at = Math.floor(random() * out.length);
    const n = Math.min(out.length - at, Math.floor(random() * 16));
    const kind = Math.floor(random() * 7);
    if (out.length === 0) return out;
    if (kind === 0) out[at] ^= 1 << Math.floor(random() * 8);
    else if (kind === 1) out[at] = Math.floor(random() * 256);
    else if (kind === 2) out = Buffer.concat([out.subarray(0, at), out.subarray(at + n)]);
    else if (kind === 3) out = Buffer.concat([out.subarray(0, at + n), out.subarray(at)]);
    else if (kind === 4) out.fill(random() < 0.5 ? 0xff : 0, at, at + n);
    else if (kind === 5) out = out.subarray(0, at);
    else {
      const text = out.toString("latin1");
      const numbers = [...text.matchAll(/\d+/g)];
      const pick = numbers[Math.floor(random() * numbers.length)];
      const by = NUMBERS[Math.floor(random() * NUMBERS.length)];
      if (pick) out = Buffer.from(text.slice(0, pick.index) + by + text.slice(pick.index + pick[0].length), "latin1");
    }
  }
  return out;
}

/** A state whose checksum is right again: what is behind it is reached. */
function signed(state: Buffer): Buffer {
  if (state.length < 4) return state;
  const out = Buffer.from(state);
  out.writeUInt32LE(crc32(out.subarray(0, -4)), out.length - 4);
  return out;
}

const fitsALine = (message: string) => message.length < 500 && !message.includes("\n");

export async function fuzzStates(runs: number, seed: number): Promise<{ refused: number; read: number }> {
  const random = mulberry32(seed);
  using losses = await createLosses({ backend: "js" });
  const evaluator = losses.evaluator({ classes: 5, weight: Float32Array.of(1, 2, 3, 4, 5), perClass: true });
  evaluator.add(logitsOf(random, "float32", 20, 5), labelsOf(random, 20, 5));
  const regression = regressionEvaluator();
  regression.add(Float32Array.of(1, 2, 3), Float32Array.of(1.5, 2, 2));
  const states = [Buffer.from(evaluator.state()), Buffer.from(regression.state())];
  const counts = { refused: 0, read: 0 };
  for (let i = 0; i < runs; i++) {
    const kind = i % 2;
    const mutated = mutate(states[kind], random);
    const state = new Uint8Array(random() < 0.7 ? signed(mutated) : mutated);
    try {
      if (kind === 0) evaluationOf(state);
      else regressionOf(state);
      mergeStates(state, state);
      counts.read++;
    } catch (error) {
      if (!(error instanceof RangeError) || !fitsALine(error.message)) throw error;
      counts.refused++;
    }
  }
  return counts;
}

/** Bytes in memory as a file; archives are opened as in Node, or as in browsers. */
function memorySource(path: string, bytes: Buffer, isWeb = false): RandomSource {
  const readAt = async (into: Uint8Array, position: number) => bytes.copy(into, 0, position);
  return new RandomSource(path, bytes.length, readAt, isWeb ? openWebArchive : openArchive);
}

const x = Float32Array.from({ length: 12 }, (_, i) => i);
const array = npy(x, [4, 3]);
const bigEndian = npy(x, [4, 3], ">f4");
const fortran = (file: Buffer) => Buffer.from(file.toString("latin1").replace("False", "True "), "latin1");

/** A file of each format that holds arrays; its name ends as the file's. */
export const ARRAY_FILES: Readonly<Record<string, Buffer>> = {
  npy: array,
  "Fortran npy": fortran(array),
  "big-endian npy": bigEndian,
  "big-endian Fortran npy": fortran(bigEndian),
  npz: zip([{ name: "logits.npy", data: array, deflate: true }]),
  "stored npz": zip([{ name: "logits.npy", data: array }]),
  "web npz": zip([{ name: "logits.npy", data: array, deflate: true }]),
  "stored web npz": zip([{ name: "logits.npy", data: array }]),
  safetensors: safetensors({
    logits: { dtype: "F32", shape: [4, 3], data: bytesOf(x) },
    labels: { dtype: "I64", shape: [4], data: Buffer.alloc(32) },
  }),
};

/** Mutations of one of these, read to their end. */
export async function fuzzFiles(name: string, runs: number, seed: number): Promise<{ refused: number; read: number }> {
  const random = mulberry32(seed);
  const path = `x.${name.split(" ").at(-1)}`;
  const counts = { refused: 0, read: 0 };
  for (let i = 0; i < runs; i++) {
    const source = memorySource(path, mutate(ARRAY_FILES[name], random), name.includes("web"));
    try {
      const tensor = await tensorFrom(() => source, { role: "logits", floats: true });
      const into = new (arrayOf(tensor.dtype))(7);
      try {
        while ((await tensor.read(into)) > 0);
      } finally {
        await tensor.close();
      }
      counts.read++;
    } catch (error) {
      if (!(error instanceof FormatError) || !fitsALine(error.message)) throw error;
      counts.refused++;
    }
  }
  return counts;
}

const csvRow = (i: number) => `${i % 3},${i}.5,-${i}e-3,"a ""b"" ${i}",${i}\n`;

/** A file of each format that holds logits and labels in rows. */
export const ROW_FILES: Readonly<Record<string, () => Buffer>> = {
  csv: () => Buffer.from(`label,p_0,p_1,text,p_2\r\n${Array.from({ length: 9 }, (_, i) => csvRow(i)).join("")}`),
  tsv: () => Buffer.from(Array.from({ length: 9 }, (_, i) => `${i}.25\t${i}e1\t${i % 2}\n`).join("")),
  jsonl: () =>
    Buffer.from(sampleLine({ logLikelihoods: [-1.5, -2, -3], choices: ["a", "b c", "d"], target: 1 }).repeat(3)),
  kld: () => {
    const random = mulberry32(1);
    return llamaFile({ context: 8, classes: 5, chunks: 2, random, logits: () => Array.from({ length: 5 }, random) })
      .bytes;
  },
  ...Object.fromEntries(
    ["columns", "double", "lists"].map((name) => [
      `parquet ${name}`,
      () => readFileSync(new URL(`./fixtures/parquet/${name}.parquet`, import.meta.url)),
    ]),
  ),
};

/** Of Parquet the footer and the pages in turns: those of a file whose footer is wrong are never read. */
function mutated(file: Buffer, name: string, random: Random): Buffer {
  if (!name.startsWith("parquet")) return mutate(file, random);
  const footer = file.length - 8 - file.readUInt32LE(file.length - 8);
  if (random() < 0.5) return Buffer.concat([file.subarray(0, footer), mutate(file.subarray(footer), random)]);
  const pages = mutate(file.subarray(4, footer), random).subarray(0, footer - 4);
  // as long as before, so that what is behind stays where it was
  return Buffer.concat([file.subarray(0, 4), pages, Buffer.alloc(footer - 4 - pages.length), file.subarray(footer)]);
}

/** Mutations of one of these files, read to their end. */
export async function fuzzRowFiles(
  name: string,
  runs: number,
  seed: number,
): Promise<{ refused: number; read: number }> {
  const random = mulberry32(seed);
  const [extension] = name.split(" ");
  const format = FORMATS.find(({ extensions }) => extensions.includes(extension))!;
  const file = ROW_FILES[name]();
  const counts = { refused: 0, read: 0 };
  for (let i = 0; i < runs; i++) {
    const source = memorySource(`x.${extension}`, mutated(file, name, random));
    try {
      const { logits, labels } = await format.openBoth!(
        source,
        { role: "logits", floats: true },
        { role: "labels", floats: false },
      );
      for (const tensor of [logits, labels]) {
        const into = new (arrayOf(tensor.dtype))(7);
        while ((await tensor.read(into)) > 0);
      }
      counts.read++;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (!error.message.startsWith(`x.${extension}`) || !fitsALine(error.message)) throw error;
      counts.refused++;
    }
  }
  return counts;
}
