import { EXACT_DIGITS, numberIn, POWERS } from "./numbers.ts";

/** Where the fields of a row go. */
export interface Layout {
  /** Of each column: its place among the row's values, LABEL, or SKIPPED. */
  readonly places: Int32Array;
  /** Values a row. */
  readonly perRow: number;
  /** A byte. */
  readonly delimiter: number;
}

export const SKIPPED = -1;
export const LABEL = -2;

/** What takes rows: what it throws tells what is wrong with them. */
export interface RowSink {
  readonly values: Float32Array | Float64Array;
  /** The label of a row, as its text is. */
  label(row: number, text: string, column: number, line: number): void;
  notANumber(text: string, column: number, line: number): never;
  wrongWidth(fields: number, line: number): never;
}

const LINE_END = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;

/**
 * Reads lines without quotation marks; how many rows there were. Numbers of at most 15 digits are worked out as they are met,
 * others are read by Number(): both are the nearest float64. Empty lines are passed over.
 */
export function readPlainRows(bytes: Uint8Array, layout: Layout, sink: RowSink): number {
  const { places, perRow, delimiter } = layout;
  const { values } = sink;
  const width = places.length;
  const end = bytes.length;
  // one letter a byte, decoded at once: a decoding a field takes five times as long as its number
  let letters: string | undefined;
  const lettersOf = (from: number, to: number) => {
    letters ??= new TextDecoder("latin1").decode(bytes);
    return letters.slice(from, to);
  };
  const textOf = (from: number, to: number) => {
    const text = lettersOf(from, to);
    return /[\x80-\xff]/.test(text) ? new TextDecoder().decode(bytes.subarray(from, to)) : text;
  };
  let rows = 0;
  let line = 0;
  for (let at = 0; at < end; line++) {
    if (bytes[at] === LINE_END || (bytes[at] === RETURN && bytes[at + 1] === LINE_END)) {
      at += bytes[at] === LINE_END ? 1 : 2;
      continue;
    }
    const base = rows * perRow;
    for (let column = 0; ; column++) {
      const begin = at;
      const place = column < width ? places[column] : SKIPPED;
      if (place >= 0) {
        const isNegative = bytes[at] === 0x2d;
        if (isNegative) at++;
        let integer = 0;
        let digit = bytes[at] - ZERO;
        const first = at;
        while (digit >= 0 && digit <= 9) {
          integer = integer * 10 + digit;
          digit = bytes[++at] - ZERO;
        }
        let digits = at - first;
        let decimals = 0;
        if (digit === 0x2e - ZERO) {
          const point = ++at;
          digit = bytes[at] - ZERO;
          while (digit >= 0 && digit <= 9) {
            integer = integer * 10 + digit;
            digit = bytes[++at] - ZERO;
          }
          decimals = at - point;
          digits += decimals;
        }
        const byte = at < end ? bytes[at] : LINE_END;
        const isEnd = byte === delimiter || byte === LINE_END || (byte === RETURN && bytes[at + 1] === LINE_END);
        if (isEnd && digits > 0 && digits <= EXACT_DIGITS) {
          const value = decimals === 0 ? integer : integer / POWERS[decimals];
          values[base + place] = isNegative ? -value : value;
        } else {
          while (at < end && bytes[at] !== delimiter && bytes[at] !== LINE_END) at++;
          const value = numberIn(lettersOf(begin, at));
          values[base + place] = value ?? sink.notANumber(textOf(begin, at).trim(), column, line);
        }
      } else {
        while (at < end && bytes[at] !== delimiter && bytes[at] !== LINE_END) at++;
        if (place === LABEL) sink.label(rows, textOf(begin, at), column, line);
      }
      if (bytes[at] === RETURN) at++;
      if (at < end && bytes[at] === delimiter) {
        at++;
        continue;
      }
      if (column + 1 !== width) sink.wrongWidth(column + 1, line);
      break;
    }
    rows++;
    at++;
  }
  return rows;
}
