import { FormatError } from "./error.ts";

/** Values of a header: some 300,000 tensors. */
const MAXIMAL_VALUES = 2 ** 21;
/** A header, a tensor in it, a shape in that. */
const MAXIMAL_DEPTH = 3;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [BRACKET, BRACE] = [0x5b, 0x7b];
/** What closes a bracket or a brace is two characters behind what opens it. */
const CLOSING = 2;

/**
 * Refuses the header of a safetensors file that JSON.parse would take minutes and gigabytes for: 100 MB of "{},{},{},..." or of
 * "[[[[...". Whether it is JSON remains to be seen.
 */
export function checkHeaderSize(path: string, json: Uint8Array): void {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      for (i++; i < json.length && json[i] !== QUOTE; i++) if (json[i] === BACKSLASH) i++;
    } else if (byte === COMMA) values++;
    else if (byte === BRACKET || byte === BRACE) {
      values++;
      depth++;
    } else if (byte === BRACKET + CLOSING || byte === BRACE + CLOSING) depth--;
    if (depth > MAXIMAL_DEPTH) throw new FormatError(`${path}: the header is nested more than ${MAXIMAL_DEPTH} deep`);
    if (values > MAXIMAL_VALUES) {
      throw new FormatError(`${path}: header of more than ${MAXIMAL_VALUES} values (at most as many are read)`);
    }
  }
}
