/** Parts of an array that lies in a file, element by element. For Node. */
import { fstatSync, readSync } from "node:fs";
import { FormatError } from "./error.ts";
import { swapBytes } from "./swapBytes.ts";
import { arrayOf, type Stretch, type Tensor } from "./tensor.ts";

/** One call reads at most this much: Node takes no more than 2^31 - 1 bytes at a time. */
const MAXIMAL_READ = 2 ** 30;

/**
 * Elements [begin, end) of a stretch as a tensor, of the whole one's shape, whose reads are synchronous: they are over when they
 * return. `took` is told of their bytes, as they are in the file. The file stays open when it is closed.
 */
export function partOf(stretch: Stretch, begin: number, end: number, took?: (bytes: Uint8Array) => void): Tensor {
  const { path, dtype, shape, length, descriptor, offset, bigEndian } = stretch;
  const size = arrayOf(dtype).BYTES_PER_ELEMENT;
  let position = begin;
  return {
    path,
    dtype,
    shape,
    length: end - begin,
    async read(into) {
      const elements = Math.min(into.length, end - position);
      const bytes = new Uint8Array(into.buffer, into.byteOffset, elements * size);
      if (readAt(path, descriptor, bytes, offset + position * size) < bytes.length) {
        const found = Math.max(0, Math.min(fstatSync(descriptor).size - offset, length * size));
        throw new FormatError(`${path}: truncated data: ${length * size} bytes expected, ${found} found`);
      }
      took?.(bytes);
      if (bigEndian) swapBytes(bytes, size);
      position += elements;
      return elements;
    },
    close: async () => {},
  };
}

/** Fills `bytes` from a place in a file; fewer are returned only at its end. */
function readAt(path: string, descriptor: number, bytes: Uint8Array, at: number): number {
  let done = 0;
  try {
    while (done < bytes.length) {
      const read = readSync(descriptor, bytes, done, Math.min(bytes.length - done, MAXIMAL_READ), at + done);
      if (read === 0) break;
      done += read;
    }
  } catch (error) {
    // Node names the file only where it opens it
    throw Object.assign(error as Error, { path });
  }
  return done;
}
