/**
 * safetensors files: a u64 with the length of a JSON header, the header, the data.
 *
 *     {"logits": {"dtype": "F16", "shape": [2, 10], "data_offsets": [0, 40]}, "__metadata__": {...}}
 *
 * Source: the format's description in the repository huggingface/safetensors.
 */
import type { ByteSource } from "./bytes.ts";
import { choose } from "./choose.ts";
import { duplicateKey } from "./duplicateKey.ts";
import { FormatError } from "./error.ts";
import { type Format, startsWith } from "./format.ts";
import { checkHeaderSize } from "./headerSize.ts";
import type { OpenOptions } from "./openOptions.ts";
import { arrayOf, lengthOf, type Tensor, type TensorDtype, tensorOf } from "./tensor.ts";

/** The format's own limit. */
const MAXIMAL_HEADER_BYTES = 100_000_000;

const DTYPES: Readonly<Record<string, TensorDtype>> = {
  F16: "f16",
  BF16: "bf16",
  F32: "f32",
  F64: "f64",
  I8: "i8",
  U8: "u8",
  I16: "i16",
  U16: "u16",
  I32: "i32",
  U32: "u32",
  I64: "i64",
  U64: "u64",
  BOOL: "bool",
};

function dtypeOf(name: string): TensorDtype | undefined {
  return Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
}

export interface SafetensorsEntry {
  readonly name: string;
  /** As the file spells it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the begin of the data. */
  readonly begin: number;
  readonly end: number;
}

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;

function entryOf(path: string, name: string, value: unknown): SafetensorsEntry {
  const fail = (what: string): never => {
    throw new FormatError(`${path}: tensor ${JSON.stringify(name.slice(0, 80))} ${what}`);
  };
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string") return fail("has no dtype");
  if (!Array.isArray(shape) || !shape.every(isCount)) return fail("has no shape of integers from 0 on");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) return fail("has no data_offsets");
  const [begin, end] = offsets as number[];
  if (begin > end) return fail(`begins at byte ${begin}, but ends at ${end}`);
  const known = dtypeOf(dtype);
  if (known) {
    const size = arrayOf(known).BYTES_PER_ELEMENT;
    const bytes = lengthOf(path, shape, size) * size;
    if (bytes !== end - begin) return fail(`takes ${end - begin} bytes, but its shape and dtype ${bytes}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Reads a header's JSON, strictly: tensors must fit their slices, and slices the data, one after the other. */
export function parseSafetensors(json: string, path: string, dataBytes: number | undefined): SafetensorsEntry[] {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    throw new FormatError(`${path}: the header is no JSON`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new FormatError(`${path}: the header is no JSON object`);
  }
  const twice = duplicateKey(json);
  if (twice !== undefined) {
    throw new FormatError(`${path}: the header has the key ${JSON.stringify(twice.slice(0, 80))} twice`);
  }
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => entryOf(path, name, value));
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const it of inOrder) {
    const name = JSON.stringify(it.name.slice(0, 80));
    if (it.begin < end) throw new FormatError(`${path}: tensor ${name} begins at byte ${it.begin}, inside another one`);
    if (it.begin > end) throw new FormatError(`${path}: ${it.begin - end} bytes before tensor ${name} belong to none`);
    end = it.end;
  }
  if (dataBytes !== undefined && end !== dataBytes) {
    const what = dataBytes < end ? "truncated data" : "trailing bytes";
    throw new FormatError(`${path}: ${what}: ${end} bytes of data expected, ${dataBytes} found`);
  }
  return entries;
}

async function readHeader(source: ByteSource, path: string): Promise<{ json: string; begin: number }> {
  const prefix = new Uint8Array(8);
  const found = await source.read(prefix);
  if (found < 8) throw new FormatError(`${path}: truncated header: the file ends after ${found} bytes`);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAXIMAL_HEADER_BYTES) {
    throw new FormatError(`${path}: header of ${length} bytes (at most ${MAXIMAL_HEADER_BYTES} are read)`);
  }
  const truncated = (found: number) =>
    new FormatError(`${path}: truncated header: ${length} bytes expected, ${found} found`);
  // before anything is allocated for it
  if (source.size !== undefined && source.size - 8 < length) throw truncated(source.size - 8);
  const bytes = new Uint8Array(length);
  const read = await source.read(bytes);
  if (read < length) throw truncated(read);
  checkHeaderSize(path, bytes);
  try {
    return { json: new TextDecoder("utf-8", { fatal: true }).decode(bytes), begin: 8 + length };
  } catch {
    throw new FormatError(`${path}: the header is no UTF-8`);
  }
}

/** One tensor of a file: the one named, or the only one that fits. */
export async function safetensorsTensor(source: ByteSource, path: string, options: OpenOptions): Promise<Tensor> {
  const { json, begin } = await readHeader(source, path);
  const entries = parseSafetensors(json, path, source.size === undefined ? undefined : source.size - begin);
  const candidates = entries.map((it) => ({ name: it.name, dtype: dtypeOf(it.dtype), it }));
  const { it, dtype } = choose(path, candidates, options);
  if (dtype === undefined) {
    const known = Object.keys(DTYPES).join(" ");
    throw new FormatError(
      `${path}: unsupported dtype ${JSON.stringify(it.dtype.slice(0, 24))} (supported are ${known})`,
    );
  }
  await source.discard(it.begin);
  return { ...tensorOf(source, path, dtype, it.shape), name: it.name };
}

export const safetensors: Format = {
  name: "safetensors",
  extensions: ["safetensors"],
  hasNames: true,
  begins: (bytes) => bytes[8] === 0x7b && startsWith(bytes.subarray(4), [0, 0, 0, 0]),
  open: (source, options) => safetensorsTensor(source, source.path, options),
};
