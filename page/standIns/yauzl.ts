// As much of yauzl as npz files need, by a library for browsers: members are inflated as they are read.
import { unzipRaw, type ZipEntry } from "unzipit";
import { blobOf, closeSync } from "./nodeFs.ts";

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

async function entriesOf(archive: Blob): Promise<readonly ZipEntry[]> {
  try {
    return (await unzipRaw(archive)).entries;
  } catch (error) {
    // as yauzl has it
    const isCut = /^could not find end of central directory/.test((error as Error).message);
    throw isCut ? new Error("End of central directory record signature not found") : error;
  }
}

export default {
  async fromFdPromise(descriptor: number, _options: object) {
    const entries = await entriesOf(blobOf(descriptor));
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
      close: () => closeSync(descriptor),
    };
  },
};
