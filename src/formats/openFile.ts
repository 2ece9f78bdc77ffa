/** Files of a disk as sources of bytes. For Node. */
import { type FileHandle, open } from "node:fs/promises";
import type { OpenArchive } from "./archive.ts";
import { type ByteSource, type FilePlace, named, RandomSource, Source } from "./bytes.ts";

/** One call reads at most this much: Node takes no more than 2^31 - 1 bytes at a time. */
const MAXIMAL_READ = 2 ** 30;

/** Fills `into` from a place on, of a pipe (null) from where it stands; less only at the end. */
async function fill(path: string, file: FileHandle, into: Uint8Array, position: number | null): Promise<number> {
  let done = 0;
  try {
    while (done < into.length) {
      const length = Math.min(into.length - done, MAXIMAL_READ);
      const { bytesRead } = await file.read(into, done, length, position === null ? null : position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
  } catch (error) {
    throw named(error, path);
  }
  return done;
}

/** 30 ms, for files that are no archives, too. */
export const openArchive: OpenArchive = async (readAt, size) => {
  const library = await import("./archiveReader.ts");
  return library.openArchive(readAt, size);
};

/** A file, by its handle: read by another thread while this one computes. */
class FileSource extends RandomSource {
  readonly #file: FileHandle;

  constructor(path: string, file: FileHandle, size: number) {
    super(path, size, (into, position) => fill(path, file, into, position), openArchive);
    this.#file = file;
  }

  place(): FilePlace {
    return { descriptor: this.#file.fd, offset: this.position() };
  }

  override close(): Promise<void> {
    return this.#file.close();
  }
}

/** A pipe that has a name. */
class PipeSource extends Source {
  readonly #file: FileHandle;

  constructor(path: string, file: FileHandle) {
    super(path, undefined);
    this.#file = file;
  }

  protected pull(into: Uint8Array): Promise<number> {
    return fill(this.path, this.#file, into, null);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export async function openFile(path: string): Promise<ByteSource> {
  const file = await open(path, "r");
  try {
    const stat = await file.stat();
    // a folder can be opened, but not read
    if (stat.isDirectory()) await file.read(new Uint8Array(1));
    return stat.isFile() ? new FileSource(path, file, stat.size) : new PipeSource(path, file);
  } catch (error) {
    await file.close();
    throw named(error, path);
  }
}
