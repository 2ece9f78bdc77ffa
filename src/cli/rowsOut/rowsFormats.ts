import { crc32 } from "../../evaluate/stateBytes.ts";
import { formatNpyHeader, type NpyArrayType } from "../../formats/npyHeader.ts";
import { directory, localHeader, type StoredMember } from "../../formats/storedZip.ts";
import { type Columns, writeAt } from "./records.ts";

/** Writes rows that come in order. */
export interface RowsWriter {
  add(columns: Columns): void;
  /** What stands elsewhere than behind the last row. */
  finish(): void;
}

/** In an archive, in this order. */
const TYPES: Readonly<Record<keyof Columns, NpyArrayType>> = {
  loss: Float64Array,
  label: Int32Array,
  predicted: Int32Array,
  rank: Int32Array,
  logProbability: Float64Array,
};
const NAMES = Object.keys(TYPES) as (keyof Columns)[];

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

/** An archive with an array of each figure. */
function npzWriter(descriptor: number, rows: number): RowsWriter {
  const headers = NAMES.map((name) => formatNpyHeader(TYPES[name], [rows]));
  const members: StoredMember[] = [];
  const places: number[] = [];
  let at = 0;
  NAMES.forEach((name, i) => {
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
      NAMES.forEach((name, i) => {
        const bytes = bytesOf(columns[name]);
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
function npyWriter(descriptor: number, rows: number): RowsWriter {
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
function csvWriter(descriptor: number, _: number, firstRow: number): RowsWriter {
  let at = 0;
  let row = firstRow;
  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    writeAt(descriptor, bytes, at);
    at += bytes.length;
  };
  write(`row,${NAMES.join()}\n`);
  return {
    add(columns) {
      const lines = Array.from(columns.loss, (_, i) => `${row++},${NAMES.map((name) => columns[name][i]).join()}\n`);
      write(lines.join(""));
    },
    finish() {},
  };
}

/** By the ending of a file's name. */
export const ROWS_WRITERS: Readonly<
  Record<string, (descriptor: number, rows: number, firstRow: number) => RowsWriter>
> = { npz: npzWriter, npy: npyWriter, csv: csvWriter };

/** The ending of a name, if rows are written to such files. */
export function rowsFormatOf(path: string): string | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(ROWS_WRITERS, ending) ? ending : undefined;
}
