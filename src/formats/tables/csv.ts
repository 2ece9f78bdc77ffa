/**
 * Tables in text: csv, tsv and what numpy.savetxt writes, with a header or none (RFC 4180; also other delimiters). Numbers are read
 * here, for speed; lines with quotation marks go through papaparse.
 */
import type { ByteSource } from "../bytes.ts";
import { FormatError } from "../error.ts";
import type { Both } from "../format.ts";
import { type LineBlock, lineBlocks } from "../lineBlocks.ts";
import type { OpenOptions } from "../openOptions.ts";
import { type RowPart, type RowStream, roomOf, tensorsOf } from "../rowStream.ts";
import type { Tensor, TensorArray, TensorDtype } from "../tensor.ts";
import { fillBothClasses } from "./bothClasses.ts";
import { type Columns, columnsOf, isRegression, type Wanted } from "./columns.ts";
import { labelReader } from "./labels.ts";
import { numberIn } from "./numbers.ts";
import { LABEL, type Layout, type RowSink, readPlainRows, SKIPPED } from "./plainRows.ts";

/** So many rows of the begin tell what the columns are. */
const HEAD_ROWS = 100;
const DELIMITERS = [",", "\t", ";", "|"];
const QUOTE = 0x22;

/** Fields of records, and whether quotation marks are as they should be. */
type Splitter = (text: string) => { records: string[][]; isWhole: boolean };

async function splitterOf(delimiter: string): Promise<Splitter> {
  const { default: papa } = await import("papaparse");
  return (text) => {
    const { data, errors } = papa.parse<string[]>(text.replaceAll("\r\n", "\n"), { delimiter, newline: "\n" });
    return { records: data, isWhole: errors.every(({ type }) => type !== "Quotes") };
  };
}

/** The delimiter of a line: that of the file's name, or the most frequent one outside of quotes; spaces between bare numbers, and in a comment. */
function delimiterOf(path: string, line: string, isComment: boolean): string {
  if (/\.(tsv|tab)$/i.test(path)) return "\t";
  const bare = line.replace(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((it) => bare.split(it).length - 1);
  const most = counts.indexOf(Math.max(...counts));
  if (counts[most] > 0) return DELIMITERS[most];
  const fields = bare.trim().split(" ");
  return isComment || (fields.length > 1 && fields.every((it) => numberIn(it) !== undefined)) ? " " : ",";
}

interface Head {
  readonly delimiter: string;
  readonly names: readonly string[] | undefined;
  /** What is before the first row: empty lines, comments and the header. */
  readonly skipped: number;
  readonly columns: Columns;
  readonly width: number;
}

/** Where a text goes on behind its first line that is not empty. */
function behindFirstLine(text: string): number {
  let inQuotes = false;
  let isEmpty = true;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') inQuotes = !inQuotes;
    else if (text[i] === "\n" && !inQuotes && !isEmpty) return i + 1;
    if (!/\s/.test(text[i])) isEmpty = false;
  }
  return text.length;
}

async function headOf(path: string, { bytes }: LineBlock, wanted: Wanted): Promise<Head> {
  // as many characters as bytes, so that places are the same
  const latin = new TextDecoder("latin1").decode(bytes);
  const header = behindFirstLine(latin);
  const utf8 = (from: number, to?: number) => new TextDecoder().decode(bytes.subarray(from, to));
  const begin = utf8(0, header).trim();
  // as numpy.savetxt writes a header
  const isComment = begin.startsWith("#");
  const first = begin.replace(/^#\s*/, "");
  if (first === "") throw new FormatError(`${path}: a table without rows`);
  const delimiter = delimiterOf(path, first, isComment);
  const split = await splitterOf(delimiter);
  const fields = split(first).records[0];
  // names of columns may be integers, but not all, and no fractions: a first row may hold the name of a class
  const isHeader =
    !fields.every((it) => numberIn(it) !== undefined) && !fields.some((it) => /^\s*[-+]?\d*\.\d/.test(it));
  const names = isHeader ? fields.map((it) => it.trim()) : undefined;
  const skipped = names ? header : 0;
  let end = skipped;
  for (let i = 0; i < HEAD_ROWS && end < bytes.length; i++) end += behindFirstLine(latin.slice(end));
  const rows = split(utf8(skipped, end)).records.filter((row) => row.length > 1 || row[0].trim() !== "");
  if (rows.length === 0) throw new FormatError(`${path}: a table without rows`);
  const columns = columnsOf({ path, names, rows }, wanted);
  return { delimiter, names, skipped, columns, width: fields.length };
}

/** The dtype of the values: that of the option, if it is one that text is read to. */
function valueDtype(path: string, options: OpenOptions): TensorDtype {
  const { dtype = "f64" } = options;
  if (dtype === "f32" || dtype === "f64") return dtype;
  throw new FormatError(`${path}: numbers in text are read as f64 or f32, but the dtype is ${dtype}`);
}

/** The rows of a table: values and labels, or one of them. */
class CsvRows implements RowStream {
  readonly path: string;
  readonly parts: readonly RowPart[];
  readonly note: string;
  readonly #source: ByteSource;
  readonly #blocks: AsyncGenerator<LineBlock>;
  readonly #head: Head;
  readonly #layout: Layout;
  readonly #labelOf: ReturnType<typeof labelReader>;
  readonly #isRegression: boolean;
  readonly #hasValues: boolean;
  /** One of single values takes two: of class 0, and of class 1. */
  readonly #isBinary: boolean;
  #block: LineBlock | undefined;
  #split: Splitter | undefined;

  constructor(source: ByteSource, blocks: AsyncGenerator<LineBlock>, block: LineBlock, head: Head, wanted: Wanted) {
    const { path } = source;
    this.path = path;
    this.#source = source;
    this.#blocks = blocks;
    this.#head = head;
    this.#block = block;
    const { values, label, classNames, note } = head.columns;
    const { logits, labels } = wanted;
    this.#isRegression = isRegression(wanted);
    this.#hasValues = values.length > 0;
    this.#isBinary = values.length === 1 && !this.#isRegression && !logits?.isSingle;
    const places = new Int32Array(head.width).fill(SKIPPED);
    values.forEach((column, i) => {
      places[column] = i;
    });
    if (label !== undefined) places[label] = LABEL;
    this.#layout = { places, perRow: values.length, delimiter: head.delimiter.charCodeAt(0) };
    this.#labelOf = labelReader(classNames);
    this.note = `${path}: ${note}`;
    const dtype = logits && valueDtype(path, logits);
    const labelDtype = this.#isRegression ? (dtype ?? valueDtype(path, labels!)) : "i32";
    this.parts = [
      ...(dtype === undefined ? [] : [{ dtype, perRow: this.#isBinary ? 2 : values.length }]),
      ...(labels === undefined ? [] : [{ dtype: labelDtype, perRow: 1 }]),
    ];
  }

  /** What the names of the columns say that the values are. */
  get input() {
    return this.#head.columns.input;
  }

  async next(): Promise<readonly TensorArray[] | undefined> {
    for (;;) {
      const block = this.#block ?? (await this.#blocks.next()).value;
      this.#block = undefined;
      if (block === undefined) return undefined;
      const arrays = await this.#read(block);
      if (arrays[0].length > 0) return arrays;
    }
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  async #read({ bytes, line, lines }: LineBlock): Promise<readonly TensorArray[]> {
    const arrays = roomOf(this, lines);
    const { label: labelColumn } = this.#head.columns;
    const labels = labelColumn === undefined ? undefined : arrays[arrays.length - 1];
    const fail = (what: string, at: number): never => {
      throw new FormatError(`${this.path}: line ${line + at}${what}`);
    };
    const called = (column: number) => {
      const name = this.#head.names?.[column];
      return `, column ${name === undefined ? column + 1 : JSON.stringify(name.slice(0, 80))}`;
    };
    const sink: RowSink = {
      values: (this.#hasValues
        ? this.#isBinary
          ? arrays[0].subarray(lines)
          : arrays[0]
        : new Float64Array(0)) as Float64Array,
      label: (row, text, column, at) => {
        const label = this.#isRegression ? numberIn(text) : this.#labelOf(text);
        if (label === undefined) sink.notANumber(text, column, at);
        if (typeof label === "string") fail(`${called(column)}: ${label}`, at);
        labels![row] = label as number;
      },
      notANumber: (text, column, at) => {
        const what = text === "" ? "nothing" : JSON.stringify(text.slice(0, 40));
        return fail(`${called(column)}: ${what} where a number should be`, at);
      },
      wrongWidth: (fields, at) =>
        fail(`: ${fields} field${fields === 1 ? "" : "s"}, but ${this.#head.width} in the first line`, at),
    };
    const rows = bytes.includes(QUOTE) ? await this.#readQuoted(bytes, sink) : readPlainRows(bytes, this.#layout, sink);
    if (this.#isBinary) fillBothClasses(arrays[0], sink.values, rows, this.input);
    return arrays.map((array, k) => array.subarray(0, rows * this.parts[k].perRow) as TensorArray);
  }

  async #readQuoted(bytes: Uint8Array, sink: RowSink): Promise<number> {
    this.#split ??= await splitterOf(this.#head.delimiter);
    const { records, isWhole } = this.#split(new TextDecoder().decode(bytes));
    const { places, perRow } = this.#layout;
    let rows = 0;
    let line = 0;
    for (const fields of records) {
      const begin = line++;
      for (const field of fields) line += field.split("\n").length - 1;
      if (fields.length === 1 && fields[0].trim() === "") continue;
      if (fields.length !== places.length) {
        if (!isWhole)
          throw new FormatError(`${this.path}: a quotation mark that is none around a field, or without its other one`);
        sink.wrongWidth(fields.length, begin);
      }
      for (let column = 0; column < fields.length; column++) {
        const place = places[column];
        if (place === LABEL) sink.label(rows, fields[column], column, begin);
        else if (place >= 0) {
          sink.values[rows * perRow + place] =
            numberIn(fields[column]) ?? sink.notANumber(fields[column].trim(), column, begin);
        }
      }
      rows++;
    }
    return rows;
  }
}

/** The first block, and where that is the header alone the next one, too. */
async function firstBlock(blocks: AsyncGenerator<LineBlock>): Promise<LineBlock | undefined> {
  const { value: first } = await blocks.next();
  if (first === undefined || behindFirstLine(new TextDecoder("latin1").decode(first.bytes)) < first.bytes.length)
    return first;
  const { value: second } = await blocks.next();
  if (second === undefined) return first;
  const bytes = new Uint8Array(first.bytes.length + second.bytes.length);
  bytes.set(first.bytes);
  bytes.set(second.bytes, first.bytes.length);
  return { bytes, line: first.line, lines: first.lines + second.lines };
}

async function rowsOf(source: ByteSource, wanted: Wanted): Promise<CsvRows> {
  const blocks = lineBlocks(source, true);
  const block = await firstBlock(blocks);
  if (block === undefined) throw new FormatError(`${source.path}: an empty file`);
  const head = await headOf(source.path, block, wanted);
  const skipped = block.bytes.subarray(0, head.skipped);
  const before = skipped.reduce((sum: number, byte: number) => sum + Number(byte === 0x0a), 0);
  const rest = { bytes: block.bytes.subarray(head.skipped), line: block.line + before, lines: block.lines - before };
  return new CsvRows(source, blocks, rest, head, wanted);
}

export async function open(source: ByteSource, options: OpenOptions): Promise<Tensor> {
  const wanted =
    options.role === "logits" ? { logits: options, labels: undefined } : { logits: undefined, labels: options };
  const [tensor] = tensorsOf(await rowsOf(source, wanted));
  return tensor;
}

export async function openBoth(source: ByteSource, logits: OpenOptions, labels: OpenOptions): Promise<Both> {
  const [x, y] = tensorsOf(await rowsOf(source, { logits, labels }));
  return { logits: x, labels: y };
}
