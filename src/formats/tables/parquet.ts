/**
 * Parquet files, through hyparquet, which a user installs beside: columns of numbers, or one of lists of numbers, a row group at a
 * time. For Node.
 */
import type { AsyncBuffer, ColumnMetaData, FileMetaData, SchemaTree } from "hyparquet";
import type { ByteSource } from "../bytes.ts";
import { FormatError } from "../error.ts";
import type { Both } from "../format.ts";
import type { OpenOptions } from "../openOptions.ts";
import { type RowPart, type RowStream, roomOf, tensorsOf } from "../rowStream.ts";
import type { Tensor, TensorArray } from "../tensor.ts";
import { fillBothClasses } from "./bothClasses.ts";
import { type Columns, columnsOf, isRegression, type Wanted } from "./columns.ts";
import { type LabelReader, labelReader } from "./labels.ts";
import { compressorsIn, conversation, libraryFor } from "./parquetLibrary.ts";
import { checkPages } from "./parquetPages.ts";

/** So many rows, of at most so many values, tell what the columns are. */
const HEAD_ROWS = 100;
const HEAD_VALUES = 100_000;

/** What a row group holds at most. */
const MOST_ROWS = 2 ** 26;
const MOST_VALUES = 2 ** 27;

/** A column of numbers, or one place in a column of lists. */
interface Place {
  readonly column: string;
  /** Undefined of a column that is no list. */
  readonly index: number | undefined;
}

/** Reads rows of one column, which are of one row group. */
type ReadColumn = (name: string, rowStart: number, rowEnd: number) => Promise<ArrayLike<unknown>>;

interface OpenFile {
  readonly metadata: FileMetaData;
  readonly readColumn: ReadColumn;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** The type of the numbers of a column, or of its lists. */
function leafType({ element, children }: SchemaTree): string | undefined {
  return children.length === 1 ? leafType(children[0]) : children.length === 0 ? element.type : undefined;
}

/** A column of a row group, and where it stands in the schema. */
interface Chunk {
  readonly meta: ColumnMetaData;
  readonly schemaPath: readonly SchemaTree[];
}

/** The byte at which the pages of a column begin. */
const beginOf = ({ dictionary_page_offset: dictionary, data_page_offset: data }: ColumnMetaData) =>
  Number(dictionary || data);

/** From a column of the table down to the numbers in it; empty where there is no such column. */
function pathTo(children: readonly SchemaTree[], [name, ...rest]: readonly string[]): SchemaTree[] {
  const child = children.find(({ element }) => element.name === name);
  if (child === undefined) return [];
  return [child, ...pathTo(child.children, rest)];
}

/** Checks the numbers of a footer that memory and time are spent by. */
function checkMetadata(path: string, size: number, { row_groups: groups, num_rows: all }: FileMetaData): void {
  const fail = (what: string): never => {
    throw new FormatError(`${path}: its footer can't be right: ${what}`);
  };
  let sum = 0;
  for (const { num_rows: rows, columns } of groups) {
    const paths = new Set(columns.map((it) => it.meta_data?.path_in_schema?.join(".")));
    if (paths.size < columns.length) fail("a column twice");
    if (!(rows >= 0 && rows <= MOST_ROWS)) fail(`a row group of ${rows} rows`);
    sum += Number(rows);
    for (const { meta_data: column } of columns) {
      if (column === undefined)
        throw new FormatError(`${path}: its footer can't be right: a column without a description`);
      const { total_compressed_size: bytes, num_values: values } = column;
      const begin = beginOf(column);
      if (!(bytes >= 0 && begin >= 0 && begin + Number(bytes) <= size)) fail(`a column of ${bytes} bytes`);
      if (!(values >= 0 && Number(values) <= MOST_VALUES)) fail(`a column of ${values} values`);
    }
  }
  if (sum !== Number(all)) fail(`${all} rows, but ${sum} in its row groups`);
}

class ParquetRows implements RowStream {
  readonly path: string;
  readonly parts: readonly RowPart[];
  readonly rows: number;
  readonly input: Columns["input"];
  readonly note: string;
  readonly #source: ByteSource;
  readonly #open: OpenFile;
  readonly #columns: Columns;
  readonly #places: readonly Place[];
  readonly #labelOf: LabelReader;
  readonly #isRegression: boolean;
  readonly #isBinary: boolean;
  readonly #groups: readonly number[];
  #group = 0;
  #row = 0;

  constructor(
    source: ByteSource,
    open: OpenFile,
    columns: Columns,
    places: readonly Place[],
    types: Types,
    wanted: Wanted,
  ) {
    const { logits, labels } = wanted;
    const { path } = source;
    this.path = path;
    this.#source = source;
    this.#open = open;
    this.#columns = columns;
    this.#places = places;
    this.#labelOf = labelReader(columns.classNames);
    this.#isRegression = isRegression(wanted);
    this.#isBinary = columns.values.length === 1 && !this.#isRegression && !logits?.isSingle;
    this.#groups = open.metadata.row_groups.map(({ num_rows: rows }) => Number(rows));
    this.rows = this.#groups.reduce((sum, rows) => sum + rows, 0);
    this.input = columns.input;
    this.note = `${path}: ${columns.note}`;
    const used = [...columns.values, ...(this.#isRegression && columns.label !== undefined ? [columns.label] : [])];
    const areFloats = used.every((it) => types.get(places[it].column) === "FLOAT");
    const dtype = (logits ?? labels)?.dtype ?? (areFloats ? "f32" : "f64");
    if (dtype !== "f32" && dtype !== "f64") {
      throw new FormatError(`${path}: numbers of Parquet files are read as f64 or f32, but the dtype is ${dtype}`);
    }
    this.parts = [
      ...(logits === undefined ? [] : [{ dtype, perRow: this.#isBinary ? 2 : columns.values.length }]),
      ...(labels === undefined ? [] : [{ dtype: this.#isRegression ? dtype : ("i32" as const), perRow: 1 }]),
    ];
  }

  async next(): Promise<readonly TensorArray[] | undefined> {
    if (this.#group === this.#groups.length) return undefined;
    const rows = this.#groups[this.#group++];
    const columns = await this.#read(rows);
    const arrays = roomOf(this, rows);
    const { values, label, input } = this.#columns;
    if (values.length > 0) {
      const numbers = this.#isBinary ? arrays[0].subarray(rows) : arrays[0];
      for (let i = 0; i < values.length; i++) this.#fill(numbers, i, values.length, values[i], columns, rows);
      if (this.#isBinary) fillBothClasses(arrays[0], numbers as Float64Array, rows, input);
    }
    if (label !== undefined) this.#fillLabels(arrays[arrays.length - 1], label, columns, rows);
    this.#row += rows;
    return arrays;
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** The columns that are needed, by their names, of the rows that come next. */
  async #read(rows: number): Promise<Map<string, ArrayLike<unknown>>> {
    const { values, label } = this.#columns;
    const used = [...values, ...(label === undefined ? [] : [label])];
    const names = [...new Set(used.map((it) => this.#places[it].column))];
    const [rowStart, rowEnd] = [this.#row, this.#row + rows];
    const columns = new Map<string, ArrayLike<unknown>>();
    for (const name of names) columns.set(name, await this.#open.readColumn(name, rowStart, rowEnd));
    return columns;
  }

  #fail(row: number, place: number, what: string): never {
    const { column, index } = this.#places[place];
    const name = index === undefined ? column : `${column}[${index}]`;
    throw new FormatError(`${this.path}: row ${this.#row + row}, column ${JSON.stringify(name.slice(0, 80))}: ${what}`);
  }

  #fill(
    out: TensorArray,
    at: number,
    perRow: number,
    place: number,
    columns: Map<string, ArrayLike<unknown>>,
    rows: number,
  ) {
    const { column, index } = this.#places[place];
    const all = columns.get(column)!;
    for (let row = 0; row < rows; row++) {
      const cell = all[row];
      const value =
        index === undefined ? cell : isList(cell) && cell.length === this.#lengthOf(column) ? cell[index] : undefined;
      if (typeof value !== "number" && typeof value !== "bigint") {
        this.#fail(row, place, `${shown(value)} where a number should be`);
      }
      out[row * perRow + at] = Number(value);
    }
  }

  #lengthOf(column: string): number {
    return this.#places.reduce((n, it) => n + Number(it.column === column), 0);
  }

  #fillLabels(out: TensorArray, place: number, columns: Map<string, ArrayLike<unknown>>, rows: number): void {
    if (this.#isRegression) {
      this.#fill(out, 0, 1, place, columns, rows);
      return;
    }
    const { column, index } = this.#places[place];
    const all = columns.get(column)!;
    for (let row = 0; row < rows; row++) {
      const cell = index === undefined ? all[row] : (all[row] as ArrayLike<unknown>)?.[index];
      const label = cell === undefined || cell === null ? "is null, but must be a label" : this.#labelOf(String(cell));
      if (typeof label === "string") this.#fail(row, place, label);
      out[row] = label as number;
    }
  }
}

const shown = (value: unknown) =>
  value === undefined || value === null ? "nothing" : JSON.stringify(String(value).slice(0, 40));

/** The types of columns by their names. */
type Types = ReadonlyMap<string, string | undefined>;

/** A name of `--columns` that is a column of lists as the names of its places. */
function withPlaces(options: OpenOptions | undefined, lists: ReadonlyMap<string, number>): OpenOptions | undefined {
  const columns = options?.columns?.flatMap((name) => {
    const length = lists.get(name);
    return length === undefined ? [name] : Array.from({ length }, (_, i) => `${name}[${i}]`);
  });
  return options && { ...options, columns };
}

async function rowsOf(source: ByteSource, wanted: Wanted): Promise<ParquetRows> {
  const { path, size, readAt } = source;
  if (size === undefined || readAt === undefined) {
    throw new FormatError(`${path}: a Parquet file can only be read where its end can be read first, not from a pipe`);
  }
  const library = await libraryFor(path);
  const compressors = await compressorsIn();
  /** Columns of row groups that have not been looked through. */
  let unchecked: readonly Chunk[] = [];
  const checked = async (begin: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - begin));
    const found = await readAt(bytes, begin);
    if (found < bytes.length) throw new FormatError(`${path}: truncated data: it ends at byte ${begin + found}`);
    const isHere = ({ meta }: Chunk) =>
      beginOf(meta) >= begin && beginOf(meta) + Number(meta.total_compressed_size) <= begin + bytes.length;
    for (const { meta, schemaPath } of unchecked.filter(isHere)) {
      const at = beginOf(meta) - begin;
      const pages = bytes.subarray(at, at + Number(meta.total_compressed_size));
      checkPages(path, pages, meta, schemaPath, { ...library, compressors });
    }
    unchecked = unchecked.filter((it) => !isHere(it));
    return bytes.buffer;
  };
  const { asked, answered } = conversation(path);
  const file: AsyncBuffer = { byteLength: size, slice: (begin, end = size) => answered(() => checked(begin, end)) };
  const { metadata, types } = await asked(async () => {
    const metadata = await library.parquetMetadataAsync(file);
    const { children } = library.parquetSchema(metadata);
    const types: Types = new Map(children.map((it) => [it.element.name, leafType(it)]));
    checkMetadata(path, size, metadata);
    unchecked = metadata.row_groups.flatMap(({ columns }) =>
      columns.map((column) => {
        // whole columns are read, which are looked through first
        column.offset_index_offset = undefined;
        const meta = column.meta_data!;
        return { meta, schemaPath: pathTo(children, meta.path_in_schema) };
      }),
    );
    return { metadata, types };
  });
  const scan = await asked(() => library.parquetScan({ file, metadata, ...(compressors && { compressors }) }));
  const readColumn: ReadColumn = (column, rowStart, rowEnd) =>
    asked(() => scan.readColumn({ column, rowStart, rowEnd }));
  const filled = metadata.row_groups.find(({ num_rows: rows }) => rows > 0);
  if (filled === undefined || types.size === 0) throw new FormatError(`${path}: a table without rows`);
  const read = async (rows: number): Promise<Map<string, ArrayLike<unknown>>> => {
    const columns = new Map<string, ArrayLike<unknown>>();
    for (const name of types.keys()) columns.set(name, await readColumn(name, 0, rows));
    return columns;
  };
  const first = await read(1);
  const lists = new Map([...first].flatMap(([name, { 0: it }]) => (isList(it) ? [[name, it.length] as const] : [])));
  const places = [...types.keys()].flatMap((column): Place[] => {
    const length = lists.get(column);
    return length === undefined
      ? [{ column, index: undefined }]
      : Array.from({ length }, (_, index) => ({ column, index }));
  });
  const names = places.map(({ column, index }) => (index === undefined ? column : `${column}[${index}]`));
  const count = Math.max(1, Math.min(HEAD_ROWS, Math.floor(HEAD_VALUES / places.length), Number(filled.num_rows)));
  const head = await read(count);
  const textAt = ({ column, index }: Place, row: number) => {
    const cell = head.get(column)![row];
    return String((index === undefined ? cell : isList(cell) ? cell[index] : undefined) ?? "");
  };
  const rows = Array.from({ length: count }, (_, row) => places.map((place) => textAt(place, row)));
  const given = { logits: withPlaces(wanted.logits, lists), labels: wanted.labels };
  return new ParquetRows(
    source,
    { metadata, readColumn },
    columnsOf({ path, names, rows }, given),
    places,
    types,
    wanted,
  );
}

export async function open(source: ByteSource, options: OpenOptions): Promise<Tensor> {
  const [tensor] = tensorsOf(await rowsOf(source, { logits: undefined, labels: undefined, [options.role]: options }));
  return tensor;
}

export async function openBoth(source: ByteSource, logits: OpenOptions, labels: OpenOptions): Promise<Both> {
  const [x, y] = tensorsOf(await rowsOf(source, { logits, labels }));
  return { logits: x, labels: y };
}
