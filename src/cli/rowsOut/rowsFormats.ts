import { crc32 } from "../../evaluate/stateBytes.ts";
import { formatNpyHeader, type NpyArrayType } from "../../formats/npyHeader.ts";
import { directory, localHeader, type StoredMember } from "../../formats/storedZip.ts";
import { type Columns, writeAt } from "./records.ts";
import type { SequenceColumns } from "./sequences.ts";

/** Figures of rows, those of sequences where there are some. */
export type Figures = Columns & Partial<SequenceColumns>;

/** Writes rows that come in order. */
export interface RowsWriter {
  add(columns: Figures): void;
  /** What stands elsewhere than behind the last row. */
  finish(): void;
}

/** In an archive, in this order. */
const TYPES: Readonly<Record<keyof Figures, NpyArrayType>> = {
  loss: Float64Array,
  label: Int32Array,
  predicted: Int32Array,
  rank: Int32Array,
  logProbability: Float64Array,
  sequence: Int32Array,
  position: Int32Array,
  sequencePerplexity: Float64Array,
};
const OF_SEQUENCES: readonly string[] = ["sequence", "position", "sequencePerplexity"];

const namesOf = (hasSequences: boolean) =>
  (Object.keys(TYPES) as (keyof Figures)[]).filter((name) => hasSequences || !OF_SEQUENCES.includes(name));

/** What is to be written: so many rows, from which on, and whether they are positions of sequences. */
interface Extent {
  readonly rows: number;
  readonly firstRow: number;
  readonly hasSequences: boolean;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

/** An archive with an array of each figure. */
function npzWriter(descriptor: number, { rows, hasSequences }: Extent): RowsWriter {
  const names = namesOf(hasSequences);
  const headers = names.map((name) => formatNpyHeader(TYPES[name], [rows]));
  const members: StoredMember[] = [];
  const places: number[] = [];
  let at = 0;
  names.forEach((name, i) => {
    const size = headers[i].length + rows * TYPES[name].BYTES_PER_ELEMENT;
    const member = { name: `${name}.npy`, size, offset: at };
    members.push(member);
    at += localHeader(member, 0).length;
    writeAt(descriptor, headers[i], at);
    places.push(at + headers[i].length);
    at += size;
  });
  const checksums = headers.map((header) => crc32(header));
  return {
    add(columns) {
      names.forEach((name, i) => {
        const bytes = bytesOf(columns[name]!);
        writeAt(descriptor, bytes, places[i]);
        places[i] += bytes.length;
        checksums[i] = crc32(bytes, checksums[i]);
      });
    },
    finish() {
      members.forEach((member, i) => {
        writeAt(descriptor, localHeader(member, checksums[i]), member.offset);
      });
      writeAt(descriptor, directory(members, checksums, at), at);
    },
  };
}

/** The losses alone. */
function npyWriter(descriptor: number, { rows }: Extent): RowsWriter {
  const header = formatNpyHeader(TYPES.loss, [rows]);
  writeAt(descriptor, header, 0);
  let at = header.length;
  return {
    add({ loss }) {
      writeAt(descriptor, bytesOf(loss), at);
      at += loss.byteLength;
    },
    finish() {},
  };
}

/** A table, numbers with all of their digits. */
function csvWriter(descriptor: number, { firstRow, hasSequences }: Extent): RowsWriter {
  const names = namesOf(hasSequences);
  let at = 0;
  let row = firstRow;
  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    writeAt(descriptor, bytes, at);
    at += bytes.length;
  };
  write(`row,${names.join()}\n`);
  return {
    add(columns) {
      const lines = Array.from(columns.loss, (_, i) => `${row++},${names.map((name) => columns[name]![i]).join()}\n`);
      write(lines.join(""));
    },
    finish() {},
  };
}

/** By the ending of a file's name. */
export const ROWS_WRITERS: Readonly<Record<string, (descriptor: number, extent: Extent) => RowsWriter>> = {
  npz: npzWriter,
  npy: npyWriter,
  csv: csvWriter,
};

/** The ending of a name, if rows are written to such files. */
export function rowsFormatOf(path: string): string | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(ROWS_WRITERS, ending) ? ending : undefined;
}
