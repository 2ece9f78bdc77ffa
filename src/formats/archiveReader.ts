/** What the library that reads archives gets their bytes from. For Node. */
import { Readable } from "node:stream";
import yauzl from "yauzl";
import type { Archive, Member, ReadAt } from "./archive.ts";

/** So much of an archive is read at once. */
const READ_BYTES = 2 ** 20;

/** Hands an archive's bytes to the library that reads it; while one piece is used the next one is read. */
class ArchiveReader extends yauzl.RandomAccessReader {
  readonly #readAt: ReadAt;

  constructor(readAt: ReadAt) {
    super();
    this.#readAt = readAt;
  }

  override _readStreamForRange(begin: number, end: number): Readable {
    return Readable.from(this.#pieces(begin, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    this.#readAt(buffer.subarray(offset, offset + length), position).then(
      (found) => done(found === length ? null : new Error("unexpected EOF")),
      done,
    );
  }

  async *#pieces(begin: number, end: number): AsyncGenerator<Buffer> {
    const piece = async (at: number) => {
      const bytes = Buffer.alloc(Math.min(READ_BYTES, end - at));
      return bytes.subarray(0, await this.#readAt(bytes, at));
    };
    let next = begin < end ? piece(begin) : undefined;
    for (let at = begin; next !== undefined; ) {
      const bytes: Buffer = await next;
      at += bytes.length;
      next = bytes.length > 0 && at < end ? piece(at) : undefined;
      // told when it is its turn, if that comes
      next?.catch(() => {});
      yield bytes;
    }
  }
}

/** How members are compressed that are not. */
const STORED = 0;

/** Opens an archive whose bytes can be read from anywhere. */
export async function openArchive(readAt: ReadAt, size: number): Promise<Archive> {
  const options = { autoClose: false, lazyEntries: true } as const;
  const zip = await yauzl.fromRandomAccessReaderPromise(new ArchiveReader(readAt), size, options);
  return {
    async *members(): AsyncGenerator<Member> {
      for await (const entry of zip.eachEntry()) {
        yield {
          name: entry.fileName,
          size: entry.uncompressedSize,
          checksum: entry.crc32,
          isEncrypted: entry.isEncrypted(),
          open: () => zip.openReadStreamPromise(entry),
          begin: () =>
            entry.compressionMethod === STORED
              ? zip.readLocalFileHeaderPromise(entry, { minimal: true }).then(({ fileDataStart }) => fileDataStart)
              : undefined,
        };
      }
    },
    close: () => zip.close(),
  };
}
