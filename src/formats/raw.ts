import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import type { Format } from "./format.ts";
import { arrayOf, tensorOf } from "./tensor.ts";

/** Numbers without a header: their file's length is that of the array, a pipe's is not known before its end. */
export const raw: Format = {
  name: "raw",
  extensions: [],
  begins: () => false,
  async open(source: ByteSource, { dtype }) {
    const { path, size } = source;
    const each = arrayOf(dtype!).BYTES_PER_ELEMENT;
    if (size !== undefined && size % each !== 0) {
      throw new FormatError(`${path}: ${size} bytes are not a multiple of ${each} (${dtype})`);
    }
    return tensorOf(source, path, dtype!, undefined, size === undefined ? {} : { length: size / each });
  },
};
