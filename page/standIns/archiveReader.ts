// As much of an archive as npz files need, by a library for browsers: members are inflated as they are read.
import { unzipRaw, type ZipEntry } from "unzipit";

interface Entry {
  readonly fileName: string;
  readonly uncompressedSize: number;
  readonly crc32: number;
  readonly entry: ZipEntry;
  isEncrypted(): boolean;
}

/** A web stream as npz files read one: not every browser lets one be iterated. */
function chunksOf(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> & { destroy(): void } {
  const reader = stream.getReader();
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    },
    destroy: () => void reader.cancel().catch(() => {}),
  };
}

type ReadAt = (into: Uint8Array, position: number) => Promise<number>;

async function entriesOf(readAt: ReadAt, size: number): Promise<readonly ZipEntry[]> {
  const reader = {
    getLength: async () => size,
    async read(offset: number, length: number) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await readAt(bytes, offset));
    },
  };
  try {
    return (await unzipRaw(reader)).entries;
  } catch (error) {
    // as yauzl has it
    const isCut = /^could not find end of central directory/.test((error as Error).message);
    throw isCut ? new Error("End of central directory record signature not found") : error;
  }
}

export async function openArchive(readAt: ReadAt, size: number) {
  const entries = await entriesOf(readAt, size);
  return {
    async *eachEntry(): AsyncGenerator<Entry> {
      for (const entry of entries) {
        // the library keeps the sum, but tells nobody
        const { _rawEntry } = entry as unknown as { _rawEntry: { crc32: number } };
        yield {
          fileName: entry.name,
          uncompressedSize: entry.size,
          crc32: _rawEntry.crc32,
          entry,
          isEncrypted: () => entry.encrypted,
        };
      }
    },
    openReadStreamPromise: async ({ entry }: Entry) => chunksOf(await entry.stream()),
    close() {},
  };
}
