/**
 * The pages of a column of a Parquet file, looked through before hyparquet decodes them: of pages that are damaged it reads some for
 * ever, or into all the memory there is. Lengths are checked here, and the runs of levels and dictionary indices are counted.
 *
 * Source: the format's description, apache/parquet-format (README.md, Encodings.md, parquet.thrift).
 */
import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from "hyparquet";
import { FormatError } from "../error.ts";

/** What is used of hyparquet. */
export interface PageReaders {
  readonly parquetHeader: (reader: { view: DataView; offset: number }) => PageHeader;
  readonly snappyUncompress: (from: Uint8Array, into: Uint8Array) => void;
  readonly compressors: Compressors | undefined;
}

/** A copy of 64 bytes takes 3: more than this snappy never unpacks of a byte. */
const MOST_OF_SNAPPY = 32;
/** Groups of 8 values that fill up the last run: writers may make so many values more than there are. */
const MOST_FILLED = 2 ** 16;

const isCount = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0;

/** Bits that hold levels up to the highest one. */
const bitsOf = (highest: number) => 32 - Math.clz32(highest);

type Fail = (what: string) => never;

/** Checks the runs of a hybrid encoding: that they hold about as many values as there are. What is missing its decoder notices. */
function checkRuns(bytes: Uint8Array, width: number, count: number, fail: Fail): void {
  if (width > 32) fail(`numbers of ${width} bits`);
  let at = 0;
  for (let seen = 0; seen < count && at < bytes.length; ) {
    let run = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80 && at < bytes.length; shift += 7) {
      byte = bytes[at++];
      run += (byte & 0x7f) * 2 ** shift;
    }
    const isPacked = run % 2 === 1;
    const values = isPacked ? 8 * Math.floor(run / 2) : run / 2;
    seen += values;
    if (seen > count + MOST_FILLED) fail(`a run of ${values} values, of ${count}`);
    at += isPacked ? Math.ceil((values * width) / 8) : Math.ceil(width / 8);
  }
}

/** What a page holds when it is unpacked; undefined of what hyparquet can't unpack, which it says. */
function unpacked(
  page: Uint8Array,
  size: number,
  codec: string,
  readers: PageReaders,
  fail: Fail,
): Uint8Array | undefined {
  if (codec === "UNCOMPRESSED") return page;
  const unpack = readers.compressors?.[codec as keyof Compressors];
  if (unpack) return unpack(page, size);
  if (codec !== "SNAPPY") return undefined;
  if (size > MOST_OF_SNAPPY * (page.length + 1)) fail(`a page of ${page.length} bytes that unpacks to ${size}`);
  const bytes = new Uint8Array(size);
  readers.snappyUncompress(page, bytes);
  return bytes;
}

/** The bytes that follow their length, and what is behind them. */
function withLength(bytes: Uint8Array, fail: Fail): [part: Uint8Array, rest: Uint8Array] {
  if (bytes.length < 4) fail("a page that ends early");
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (end > bytes.length) fail("levels that are longer than their page");
  return [bytes.subarray(4, end), bytes.subarray(end)];
}

/** Checks the numbers of values, which are dictionary indices or booleans, where they are in runs. */
function checkValues(bytes: Uint8Array, encoding: string | undefined, type: string, count: number, fail: Fail): void {
  if (!/^(PLAIN_DICTIONARY|RLE_DICTIONARY|RLE)$/.test(encoding ?? "")) return;
  if (type === "BOOLEAN") checkRuns(withLength(bytes, fail)[0], 1, count, fail);
  else checkRuns(bytes.subarray(1), bytes[0] ?? 0, count, fail);
}

/** @throws FormatError of pages that can't be right; what else is wrong with them hyparquet notices, and ends */
export function checkPages(
  path: string,
  chunk: Uint8Array,
  column: ColumnMetaData,
  schemaPath: readonly SchemaTree[],
  readers: PageReaders,
): void {
  const name = JSON.stringify(column.path_in_schema.join(".").slice(0, 80));
  const fail: Fail = (what) => {
    throw new FormatError(`${path}: column ${name} is damaged: ${what}`);
  };
  const count = (n: unknown, what: string): number => (isCount(n) ? n : fail(`${what} is ${String(n)}`));
  const kinds = schemaPath.map(({ element }) => element.repetition_type);
  const repetition = kinds.filter((it) => it === "REPEATED").length;
  const definition = kinds.filter((it) => it === "REPEATED" || it === "OPTIONAL").length;
  const { codec, type } = column;
  const all = Number(column.num_values);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  let seen = 0;
  for (let at = 0; at < chunk.length - 1 && seen < all; ) {
    const reader = { view, offset: at };
    const header = readers.parquetHeader(reader);
    const size = count(header.compressed_page_size, "the size of a page");
    const unpackedSize = count(header.uncompressed_page_size, "the unpacked size of a page");
    const begin = reader.offset;
    at = begin + size;
    if (at > chunk.length) fail(`a page of ${size} bytes, of which ${chunk.length - begin} are there`);
    const page = chunk.subarray(begin, at);
    const { data_page_header: first, data_page_header_v2: second, dictionary_page_header: dictionary } = header;
    if (dictionary) {
      const values = count(dictionary.num_values, "the values of a dictionary");
      if (values > 8 * unpackedSize) fail(`a dictionary of ${values} values in ${unpackedSize} bytes`);
    }
    const numbers = header.type === "DATA_PAGE" ? first : header.type === "DATA_PAGE_V2" ? second : undefined;
    if (numbers === undefined) continue;
    const values = count(numbers.num_values, "the values of a page");
    seen += values;
    if (seen > all) fail(`${seen} values in its pages, but ${all} in the footer`);
    if (first && numbers === first) {
      let rest = unpacked(page, unpackedSize, codec, readers, fail);
      if (rest === undefined) return;
      for (const highest of [repetition, definition]) {
        if (highest === 0) continue;
        const [levels, behind] = withLength(rest, fail);
        checkRuns(levels, bitsOf(highest), values, fail);
        rest = behind;
      }
      checkValues(rest, first.encoding, type, values, fail);
    } else if (second) {
      const nulls = count(second.num_nulls, "the nulls of a page");
      count(second.num_rows, "the rows of a page");
      const repetitions = count(second.repetition_levels_byte_length, "the length of levels");
      const levels = repetitions + count(second.definition_levels_byte_length, "the length of levels");
      if (levels > Math.min(page.length, unpackedSize) || nulls > values)
        fail("levels that are longer than their page");
      if (repetition > 0) checkRuns(page.subarray(0, repetitions), bitsOf(repetition), values, fail);
      if (definition > 0) checkRuns(page.subarray(repetitions, levels), bitsOf(definition), values, fail);
      const packed = page.subarray(levels);
      const left = unpackedSize - levels;
      const isPacked = second.is_compressed !== false && left > 0;
      const data = isPacked ? unpacked(packed, left, codec, readers, fail) : packed;
      if (data === undefined) return;
      checkValues(data, second.encoding, type, values - nulls, fail);
    }
  }
}
