/** Files of the formats that the command line reads, made byte by byte. */
import { deflateRawSync } from "node:zlib";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { formatNpyHeader, type NpyArray, type NpyArrayType } from "../src/formats/npyHeader.ts";

export const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

export function npy(data: NpyArray, shape: readonly number[], descr?: string): Buffer {
  const header = Buffer.from(formatNpyHeader(data.constructor as NpyArrayType, shape));
  const text = header.toString("latin1").replace(/'[<|]..'/, (was) => (descr ? `'${descr}'` : was));
  return Buffer.concat([Buffer.from(text, "latin1"), bytesOf(data)]);
}

export interface Member {
  name: string;
  data: Buffer;
  deflate?: boolean;
  encrypted?: boolean;
  /** What the archive claims instead. */
  size?: number;
  crc?: number;
}

/** A zip archive: local headers and data, the central directory, its end (PKWARE's APPNOTE). */
export function zip(members: readonly Member[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, size = data.length, crc = crc32(data), encrypted = false } of members) {
    const plain = deflate ? deflateRawSync(data) : data;
    const stored = encrypted ? Buffer.concat([Buffer.alloc(12), plain]) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(encrypted ? 1 : 0, 2);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), stored]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from("PK\x05\x06"), end]);
}

export interface SafeTensor {
  dtype: string;
  shape: readonly number[];
  data: Buffer;
  /** Instead of where it stands. */
  data_offsets?: readonly unknown[];
}

export function safetensors(tensors: Readonly<Record<string, SafeTensor>>, more: object = {}): Buffer {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const [name, { dtype, shape, data, data_offsets }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: data_offsets ?? [at, at + data.length] };
    at += data.length;
  }
  return safetensorsOf(
    JSON.stringify({ ...header, ...more }),
    Buffer.concat(Object.values(tensors).map((it) => it.data)),
  );
}

export function safetensorsOf(json: string, data: Buffer, length = BigInt(Buffer.byteLength(json))): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(json), data]);
}

/** float32 cut to bfloat16: the upper half. */
export const bfloat16Bits = (x: Float32Array) =>
  Uint16Array.from(new Uint32Array(x.slice().buffer), (bits) => bits >>> 16);

export function fromBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (it) => it * 65536).buffer);
}

/**
 * A file of llama.cpp's base logits, as its log_softmax and process_logits write it, and what is in it: float32 log-probabilities as
 * they are read, labels, and the mean loss of logits that are cut at their maximum less 16, in float64.
 */
export function llamaFile(
  it: Readonly<{
    context: number;
    classes: number;
    chunks: number;
    random: () => number;
    logits: () => readonly number[];
  }>,
) {
  const { context, classes, chunks, random, logits } = it;
  const header = Buffer.alloc(20);
  header.write("_logits_", "latin1");
  header.writeUInt32LE(context, 8);
  header.writeInt32LE(classes, 12);
  header.writeInt32LE(chunks, 16);
  const tokens = Int32Array.from({ length: chunks * context }, () => Math.floor(random() * classes));
  const parts: Buffer[] = [header, bytesOf(tokens)];
  const logProbabilities: number[] = [];
  const labels: number[] = [];
  const losses: number[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (let position = Math.floor(context / 2); position < context - 1; position++) {
      const row = logits();
      const label = tokens[chunk * context + position + 1];
      const maximum = Math.max(...row);
      const minimum = Math.max(Math.min(...row), maximum - 16);
      const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x - maximum), 0));
      const scale = Math.fround((maximum - minimum) / 65535);
      const least = Math.fround(minimum - maximum - logSum);
      const values = Uint16Array.from(row, (x) => (scale > 0 && x > minimum ? Math.round((x - minimum) / scale) : 0));
      const bytes = Buffer.alloc(2 * (2 * Math.ceil(classes / 2) + 4));
      bytes.writeFloatLE(scale, 0);
      bytes.writeFloatLE(least, 4);
      bytesOf(values).copy(bytes, 8);
      parts.push(bytes);
      labels.push(label);
      for (const value of values) logProbabilities.push(Math.fround(Math.fround(scale * value) + least));
      losses.push(maximum + logSum - Math.max(row[label], minimum));
    }
  }
  const meanOfClamped = losses.reduce((a, b) => a + b) / losses.length;
  return { bytes: Buffer.concat(parts), logProbabilities, labels, meanOfClamped };
}

/** A line of the samples that lm-evaluation-harness logs of a multiple-choice task. */
export function sampleLine({
  logLikelihoods,
  choices,
  target,
  delimiter = " ",
  filter = "none",
  isRaw = false,
  isDouble = false,
  hasDoc = true,
  logged,
}: Readonly<{
  logLikelihoods: readonly number[];
  choices: readonly string[];
  target: number | string;
  delimiter?: string;
  filter?: string;
  /** Without filtered responses. */
  isRaw?: boolean;
  /** With the choices alone behind, as of mutual information. */
  isDouble?: boolean;
  hasDoc?: boolean;
  logged?: number | undefined;
}>): string {
  const requests = [
    ...choices.map((it) => ["Question?", delimiter + it]),
    ...(isDouble ? choices.map((it) => ["", delimiter + it]) : []),
  ];
  const responses = requests.map((_, i) => [String(i < choices.length ? logLikelihoods[i] : -1), "False"]);
  return `${JSON.stringify({
    doc_id: 0,
    doc: hasDoc ? { query: "Question?", choices: { text: choices, label: ["A"] } } : {},
    target: String(target),
    arguments: Object.fromEntries(requests.map(([a, b], i) => [`gen_args_${i}`, { arg_0: a, arg_1: b }])),
    resps: responses.map((it) => [it]),
    ...(!isRaw && { filtered_resps: responses }),
    filter,
    metrics: ["acc", "acc_norm"],
    ...(logged !== undefined && { acc_norm: logged }),
  })}\n`;
}
