/** Random mutations of valid files and states: what reads them must say no in one line, or read them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { Source } from "../src/formats/bytes.ts";
import { FormatError } from "../src/formats/error.ts";
import { FORMATS } from "../src/formats/formatList.ts";
import { openTensor } from "../src/formats/openTensor.ts";
import { arrayOf } from "../src/formats/tensor.ts";
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

/** Files, read to their end. */
export async function fuzzFiles(runs: number, seed: number): Promise<{ refused: number; read: number }> {
  const random = mulberry32(seed);
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-fuzz-"));
  const x = Float32Array.from({ length: 12 }, (_, i) => i);
  const array = npy(x, [4, 3]);
  const files = {
    npy: array,
    npz: zip([{ name: "logits.npy", data: array, deflate: true }]),
    "npz.stored": zip([{ name: "logits.npy", data: array }]),
    safetensors: safetensors({
      logits: { dtype: "F32", shape: [4, 3], data: bytesOf(x) },
      labels: { dtype: "I64", shape: [4], data: Buffer.alloc(32) },
    }),
  };
  const counts = { refused: 0, read: 0 };
  try {
    for (let i = 0; i < runs; i++) {
      const [name, file] = Object.entries(files)[i % 4];
      const path = join(folder, `${i % 64}.${name.split(".")[0]}`);
      writeFileSync(path, mutate(file, random));
      try {
        const tensor = await openTensor(path, { role: "logits", floats: true });
        const into = new (arrayOf(tensor.dtype))(7);
        try {
          while ((await tensor.read(into)) > 0);
        } finally {
          await tensor.close();
        }
        counts.read++;
      } catch (error) {
        const { syscall } = error as NodeJS.ErrnoException;
        if (!(error instanceof FormatError) && !syscall) throw error;
        if (!fitsALine((error as Error).message.replace(path, ""))) throw error;
        counts.refused++;
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return counts;
}

/** Bytes in memory as a file. */
class MemorySource extends Source {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(path: string, bytes: Buffer) {
    super(path, bytes.length);
    this.#bytes = bytes;
  }

  readonly readAt = async (into: Uint8Array, position: number) => this.#bytes.copy(into, 0, position);

  protected async pull(into: Uint8Array): Promise<number> {
    const n = await this.readAt(into, this.#position);
    this.#position += n;
    return n;
  }

  async close(): Promise<void> {}
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
  parquet: () => readFileSync(new URL("./fixtures/parquet/columns.parquet", import.meta.url)),
};

/** Mutations of one of these files, read to their end. */
export async function fuzzRowFiles(
  name: string,
  runs: number,
  seed: number,
): Promise<{ refused: number; read: number }> {
  const random = mulberry32(seed);
  const format = FORMATS.find(({ extensions }) => extensions.includes(name))!;
  const file = ROW_FILES[name]();
  const counts = { refused: 0, read: 0 };
  for (let i = 0; i < runs; i++) {
    // of Parquet the footer alone, which is checked here: on some broken pages hyparquet goes on for ever
    const kept = name === "parquet" ? file.length - 8 - file.readUInt32LE(file.length - 8) : 0;
    const mutated = Buffer.concat([file.subarray(0, kept), mutate(file.subarray(kept), random)]);
    const source = new MemorySource(`x.${name}`, mutated);
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
      if (!error.message.startsWith(`x.${name}`) || !fitsALine(error.message)) throw error;
      counts.refused++;
    }
  }
  return counts;
}
