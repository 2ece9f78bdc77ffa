import type { OpenArchive } from "./archive.ts";
import { type Keep, RandomSource } from "./bytes.ts";
import { FormatError } from "./error.ts";

/** A Blob or a File, for programs without declarations of these. */
export interface BlobLike {
  readonly size: number;
  /** Of a File. */
  readonly name?: string;
  /** A part, from `begin` to before `end`. */
  slice(begin?: number, end?: number): BlobLike;
  /** All bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A Blob, read by slices: never more of it is in memory than is asked for. */
export function fromBlob(path: string, blob: BlobLike, openArchive: OpenArchive): RandomSource {
  const readAt = async (into: Uint8Array, position: number) => {
    try {
      const part = new Uint8Array(await blob.slice(position, position + into.length).arrayBuffer());
      into.set(part);
      return part.length;
    } catch (error) {
      // such as NotReadableError of a file that was changed or moved
      throw new FormatError(`${path}: can't be read: ${(error as Error).message}`);
    }
  };
  return new RandomSource(path, blob.size, readAt, openArchive);
}

/** So many bytes of a stream are put together at once. */
const PIECE = 2 ** 22;

/** Keeps what a stream has left as a Blob, which a browser may keep on disk. */
export const keepAsBlob =
  (openArchive: OpenArchive): Keep =>
  async (source) => {
    const pieces: Blob[] = [];
    try {
      for (;;) {
        const piece = new Uint8Array(PIECE);
        const found = await source.read(piece);
        if (found === 0) break;
        pieces.push(new Blob([piece.subarray(0, found)]));
      }
    } finally {
      await source.close();
    }
    const blob = new Blob(pieces);
    return () => fromBlob(source.path, blob, openArchive);
  };
