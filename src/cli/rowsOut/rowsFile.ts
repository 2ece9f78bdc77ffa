import { chmodSync, closeSync, openSync, renameSync, rmSync } from "node:fs";
import { type Place, placeOf, temporaryOf } from "../../formats/place.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import { type RecordFile, readRecords } from "./records.ts";
import { ROWS_WRITERS, rowsFormatOf } from "./rowsFormats.ts";
import { Sequences } from "./sequences.ts";

/** So many rows at a time go from records to the file: 2 MiB. */
const ROWS_AT_ONCE = 2 ** 16;

/** A file of what came of each row, which appears under its name when it is complete. */
export interface RowsFile {
  /** Where its records are kept until all are there: a file without a name, so that nothing is left of it. */
  readonly records: RecordFile;
  /** Writes the rows, synchronously: no signal is handled in between. They are positions of sequences of so many, where there are some. */
  finish(range: RowRange, positions: number | undefined): void;
  close(): void;
}

/** Makes room for records beside `path`; their first one is `firstRow`'s. */
export function openRowsFile(path: string, firstRow: number): RowsFile {
  const place = placeOf(path);
  const name = `${temporaryOf(place).slice(0, -".tmp".length)}.rows`;
  const named = (error: unknown) => Object.assign(error as Error, { path });
  let descriptor: number;
  try {
    descriptor = openSync(name, "w+");
    // where a name may go while the file is open
    if (process.platform !== "win32") rmSync(name);
  } catch (error) {
    throw named(error);
  }
  return {
    records: { descriptor, firstRow },
    finish({ first, end }, positions) {
      const temporary = temporaryOf(place);
      try {
        write(temporary, place, rowsFormatOf(path)!, descriptor, first, end - first, positions);
        renameSync(temporary, place.path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw named(error);
      }
    },
    close() {
      closeSync(descriptor);
      rmSync(name, { force: true });
    },
  };
}

function write(
  temporary: string,
  { stat }: Place,
  format: string,
  records: number,
  firstRow: number,
  rows: number,
  positions: number | undefined,
): void {
  const file = openSync(temporary, "w");
  try {
    // the mode of the file that gives way
    if (stat) chmodSync(temporary, Number(stat.mode) & 0o7777);
    const sequences = positions === undefined ? undefined : new Sequences(positions, firstRow);
    const eachBatch = (use: (row: number, count: number) => void) => {
      for (let row = 0; row < rows; row += ROWS_AT_ONCE) use(row, Math.min(ROWS_AT_ONCE, rows - row));
    };
    // the perplexity of a sequence is known at its end, and written with all of its rows
    if (sequences) eachBatch((row, count) => sequences.add(readRecords(records, row, count), row + count === rows));
    const writer = ROWS_WRITERS[format](file, { rows, firstRow, hasSequences: sequences !== undefined });
    eachBatch((row, count) => {
      writer.add({ ...readRecords(records, row, count), ...sequences?.columnsOf(firstRow + row, count) });
    });
    writer.finish();
  } finally {
    closeSync(file);
  }
}
