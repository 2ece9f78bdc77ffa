import { type Coverage, KEY_BYTES } from "./coverage.ts";
import type { Highest, Placed } from "./highest.ts";
import type { Reader, Writer } from "./stateBytes.ts";

/** A row as it is told: of so many positions a sequence, where there are some, also as one of a sequence. */
export function placeOf(row: number, positions: number): { row: number; sequence?: number; position?: number } {
  return positions === 0 ? { row } : { row, sequence: Math.floor(row / positions), position: row % positions };
}

/** Writes rows, the highest first; `write` what there is beside their places. */
export function writeHighest<T extends Placed>(to: Writer, rows: Highest<T>, write: (it: T) => void): void {
  const all = rows.sorted();
  to.count(all.length);
  for (const it of all) {
    to.byte(it.source === "" ? 0 : 1);
    for (let i = 0; i < it.source.length; i += 2) to.byte(Number.parseInt(it.source.slice(i, i + 2), 16));
    to.count(it.row);
    write(it);
  }
}

/** Reads what writeHighest wrote; in another order they are not in their canonical form. */
export function readHighest<T extends Placed>(from: Reader, rows: Highest<T>, read: (place: Placed) => T): void {
  for (let left = from.count("rows in a list", rows.most); left > 0; left--) {
    let source = "";
    if (from.byte() !== 0) {
      for (let i = 0; i < KEY_BYTES; i++) source += from.byte().toString(16).padStart(2, "0");
    }
    rows.add(read({ source, row: from.count("a row") }));
  }
}

/** Rows of the only source that a state covers. */
export function placed<T extends Placed>(rows: Highest<T>, coverage: Coverage): Highest<T> {
  if (coverage?.length !== 1) return rows;
  const [{ key }] = coverage;
  return rows.moved((it) => (it.source === "" ? { ...it, source: key } : it));
}
