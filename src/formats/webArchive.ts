/** As much of zip archives as npz files need, by a library that runs everywhere: members are unpacked as they are read. */
import { unzipRaw } from "unzipit";
import type { Archive, Member, ReadAt } from "./archive.ts";
import { chunksOf } from "./webStream.ts";

/** Opens an archive whose bytes can be read from anywhere. */
export async function openWebArchive(readAt: ReadAt, size: number): Promise<Archive> {
  const entries = await entriesOf(readAt, size);
  return {
    async *members(): AsyncGenerator<Member> {
      for (const entry of entries) {
        // the library keeps the checksum, but tells nobody
        const { _rawEntry } = entry as unknown as { _rawEntry: { crc32: number } };
        yield {
          name: entry.name,
          size: entry.size,
          checksum: _rawEntry.crc32,
          isEncrypted: entry.encrypted,
          open: async () => chunksOf(await entry.stream()),
        };
      }
    },
    close() {},
  };
}

async function entriesOf(readAt: ReadAt, size: number) {
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
    // as the library of Node has it
    const isCut = /^could not find end of central directory/.test((error as Error).message);
    throw isCut ? new Error("End of central directory record signature not found") : error;
  }
}
