/** Bytes one after the other, from a file or a stream: what the formats read from. For Node. */
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { FormatError } from "./error.ts";

/** Shorter reads take from so many bytes read ahead: one takes 40 µs however short it is, as the labels of a batch are. */
const READ_AHEAD = 2 ** 18;

/** One call reads at most this much: Node takes no more than 2^31 - 1 bytes at a time. */
const MAXIMAL_READ = 2 ** 30;

export interface ByteSource {
  /** As messages call it. */
  readonly path: string;
  /** All bytes, the ones that were read already too; undefined of a pipe. */
  readonly size: number | undefined;
  /** Fills `into` and says how much of it: less than its length only at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Puts bytes that were just read back before the rest. */
  unread(bytes: Uint8Array): void;
  /** Passes over bytes; at the end it stops. */
  discard(bytes: number): Promise<void>;
  /** Fills `into` from a place on, wherever read() stands, and says how much; undefined of what is read from front to end only. */
  readonly readAt?: (into: Uint8Array, position: number) => Promise<number>;
  /** Bytes [begin, end) as a source of their own, which ends where this one is closed; undefined of what has none. */
  readonly slice?: (begin: number, end: number) => ByteSource;
  /** Where the next byte lies, as slice() counts. */
  position?(): number;
  /** Where the next byte lies in an open file; undefined of what is none, or not in it as it is read. */
  place?(): FilePlace | undefined;
  close(): Promise<void>;
}

/** A byte of an open file. */
export interface FilePlace {
  /** The file's descriptor, which is this process's: threads share it. */
  readonly descriptor: number;
  /** How many bytes stand before it. */
  readonly offset: number;
  /** Of an archive's member: its checksum, and that of its bytes before this one. */
  readonly checksum?: { readonly expected: number; readonly before: number } | undefined;
}

/** Names the file in the error of a system call: Node does so only where it opens one. */
function named(error: unknown, path: string): unknown {
  return error instanceof Error && !("path" in error) ? Object.assign(error, { path }) : error;
}

export abstract class Source implements ByteSource {
  readonly path: string;
  readonly size: number | undefined;
  #before: Uint8Array = new Uint8Array(0);

  constructor(path: string, size: number | undefined) {
    this.path = path;
    this.size = size;
  }

  async read(into: Uint8Array): Promise<number> {
    const before = this.#before.subarray(0, into.length);
    into.set(before);
    this.#before = this.#before.subarray(before.length);
    return before.length + (before.length < into.length ? await this.pull(into.subarray(before.length)) : 0);
  }

  unread(bytes: Uint8Array): void {
    const joined = new Uint8Array(bytes.length + this.#before.length);
    joined.set(bytes);
    joined.set(this.#before, bytes.length);
    this.#before = joined;
  }

  async discard(bytes: number): Promise<void> {
    const before = Math.min(bytes, this.#before.length);
    this.#before = this.#before.subarray(before);
    await this.pass(bytes - before);
  }

  /** Bytes that were put back. */
  protected get back(): number {
    return this.#before.length;
  }

  protected async pass(bytes: number): Promise<void> {
    const scrap = new Uint8Array(Math.min(bytes, 65536));
    for (let left = bytes; left > 0; ) {
      const n = await this.pull(scrap.subarray(0, Math.min(left, scrap.length)));
      if (n === 0) return;
      left -= n;
    }
  }

  protected abstract pull(into: Uint8Array): Promise<number>;
  abstract close(): Promise<void>;
}

/** A file, by its handle: read by another thread while this one computes. Pipes that have a name are files, too. */
class FileSource extends Source {
  readonly #file: FileHandle;
  #position: number | null;
  #ahead: Uint8Array = new Uint8Array(0);
  #room: Uint8Array | undefined;
  readonly readAt?: (into: Uint8Array, position: number) => Promise<number>;

  constructor(path: string, file: FileHandle, size: number | undefined) {
    super(path, size);
    this.#file = file;
    this.#position = size === undefined ? null : 0;
    if (size !== undefined) this.readAt = (into, position) => this.#fillFrom(into, position);
  }

  protected async pull(into: Uint8Array): Promise<number> {
    const found = this.#takeAhead(into);
    const rest = into.subarray(found);
    if (rest.length === 0) return found;
    if (rest.length >= READ_AHEAD || this.#position === null) return found + (await this.#fill(rest));
    this.#room ??= new Uint8Array(READ_AHEAD);
    this.#ahead = this.#room.subarray(0, await this.#fill(this.#room));
    return found + this.#takeAhead(rest);
  }

  protected override async pass(bytes: number): Promise<void> {
    if (this.#position === null) return super.pass(bytes);
    const found = Math.min(bytes, this.#ahead.length);
    this.#ahead = this.#ahead.subarray(found);
    this.#position += bytes - found;
  }

  place(): FilePlace | undefined {
    // a file in a page has none
    const { fd } = this.#file as { readonly fd?: number };
    if (this.#position === null || fd === undefined) return undefined;
    return { descriptor: fd, offset: this.#position - this.#ahead.length - this.back };
  }

  #takeAhead(into: Uint8Array): number {
    const part = this.#ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }

  async #fill(into: Uint8Array): Promise<number> {
    const done = await this.#fillFrom(into, this.#position);
    if (this.#position !== null) this.#position += done;
    return done;
  }

  async #fillFrom(into: Uint8Array, position: number | null): Promise<number> {
    let done = 0;
    try {
      while (done < into.length) {
        const length = Math.min(into.length - done, MAXIMAL_READ);
        const { bytesRead } = await this.#file.read(into, done, length, position === null ? null : position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (error) {
      throw named(error, this.path);
    }
    return done;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A stream: standard input, or a member of an archive. */
class StreamSource extends Source {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(path: string, stream: Readable, size: number | undefined) {
    super(path, size);
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  protected async pull(into: Uint8Array): Promise<number> {
    let done = 0;
    try {
      while (done < into.length) {
        if (this.#chunk.length === 0) {
          const next = await this.#chunks.next();
          if (next.done) break;
          this.#chunk = next.value;
        }
        const part = this.#chunk.subarray(0, into.length - done);
        into.set(part, done);
        done += part.length;
        this.#chunk = this.#chunk.subarray(part.length);
      }
    } catch (error) {
      // zlib's and the archive's errors are about what is in the file
      const { syscall } = error as NodeJS.ErrnoException;
      throw syscall ? named(error, this.path) : new FormatError(`${this.path}: ${(error as Error).message}`);
    }
    return done;
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}

export async function openFile(path: string): Promise<ByteSource> {
  const file = await open(path, "r");
  try {
    const stat = await file.stat();
    // a folder can be opened, but not read
    if (stat.isDirectory()) await file.read(new Uint8Array(1));
    return new FileSource(path, file, stat.isFile() ? stat.size : undefined);
  } catch (error) {
    await file.close();
    throw named(error, path);
  }
}

export function fromStream(path: string, stream: Readable, size?: number): ByteSource {
  return new StreamSource(path, stream, size);
}
