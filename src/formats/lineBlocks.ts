import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";

/** Bytes that are read at once: of 2^16 to 2^22, 2^18 to 2^20 were the fastest. */
const BLOCK_BYTES = 2 ** 19;
/** Longer lines are refused. */
const LONGEST_LINE = 2 ** 26;

const LINE_END = 0x0a;
const QUOTE = 0x22;

export interface LineBlock {
  /** Whole lines with their ends; the file's last line may have none. */
  readonly bytes: Uint8Array;
  /** The number of the first line, from 1. */
  readonly line: number;
  /** How many lines there are. */
  readonly lines: number;
}

/** Line ends in bytes. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}

/** Where the last whole line ends: behind its line end, which is not in quotes; 0 where there is none. */
function lastEnd(bytes: Uint8Array, isQuoted: boolean): number {
  if (!isQuoted || !bytes.includes(QUOTE)) return bytes.lastIndexOf(LINE_END) + 1;
  let end = 0;
  let inQuotes = false;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) inQuotes = !inQuotes;
    else if (bytes[i] === LINE_END && !inQuotes) end = i + 1;
  }
  return end;
}

/**
 * A text in blocks of whole lines, in bounded memory; a byte order mark is left out. Where fields may be quoted, a line end in
 * quotes ends no line here, but counts for the numbers of lines.
 */
export async function* lineBlocks(source: ByteSource, isQuoted = false): AsyncGenerator<LineBlock> {
  const { path, size = BLOCK_BYTES } = source;
  let rest: Uint8Array = new Uint8Array(0);
  // one more than there is: a read that finds less is the last one
  let room = Math.min(BLOCK_BYTES, size + 1);
  let isFirst = true;
  for (let line = 1; ; ) {
    const buffer = new Uint8Array(rest.length + room);
    buffer.set(rest);
    const found = await source.read(buffer.subarray(rest.length));
    const isLast = found < room;
    let bytes = buffer.subarray(0, rest.length + found);
    if (isFirst) {
      if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
        throw new FormatError(`${path}: text in UTF-16; save it as UTF-8`);
      }
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
      isFirst = false;
    }
    const end = isLast ? bytes.length : lastEnd(bytes, isQuoted);
    rest = bytes.subarray(end);
    if (end > 0) {
      const block = bytes.subarray(0, end);
      const ends = countLines(block);
      yield { bytes: block, line, lines: ends + (block[end - 1] === LINE_END ? 0 : 1) };
      line += ends;
    }
    if (isLast) return;
    // a line that is longer than a block: twice as much is read each time
    room = Math.max(BLOCK_BYTES, rest.length);
    if (rest.length > LONGEST_LINE) {
      const why = isQuoted && rest.includes(QUOTE) ? ", or a quotation mark without its other one" : "";
      throw new FormatError(`${path}: line ${line} is longer than ${LONGEST_LINE} bytes${why}`);
    }
  }
}
