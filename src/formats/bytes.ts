/** Bytes one after the other, from anywhere: what the formats read from. */
import type { Chunks, OpenArchive, ReadAt } from "./archive.ts";
import { FormatError } from "./error.ts";

/** Shorter reads take from so many bytes read ahead: one takes 40 µs however short it is, as the labels of a batch are. */
const READ_AHEAD = 2 ** 18;

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
  readonly readAt?: ReadAt;
  /** Opens it as an archive; undefined of what is read from front to end only. */
  readonly openArchive?: OpenArchive;
  /** Keeps what is left of it, so that it can be read from anywhere, any number of times; undefined of what nobody wants kept. */
  readonly keep?: () => Promise<() => ByteSource>;
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
export function named(error: unknown, path: string): unknown {
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

/** Bytes that can be read from anywhere. */
export class RandomSource extends Source {
  readonly readAt: ReadAt;
  readonly openArchive: OpenArchive | undefined;
  #position = 0;
  #ahead: Uint8Array = new Uint8Array(0);
  #room: Uint8Array | undefined;

  constructor(path: string, size: number, readAt: ReadAt, openArchive?: OpenArchive) {
    super(path, size);
    this.readAt = readAt;
    this.openArchive = openArchive;
  }

  position(): number {
    return this.#position - this.#ahead.length - this.back;
  }

  protected async pull(into: Uint8Array): Promise<number> {
    const found = this.#takeAhead(into);
    const rest = into.subarray(found);
    if (rest.length === 0) return found;
    if (rest.length >= READ_AHEAD) return found + (await this.#fill(rest));
    // files of /proc and the like have bytes, but say 0
    this.#room ??= new Uint8Array(Math.min(READ_AHEAD, this.size || READ_AHEAD));
    this.#ahead = this.#room.subarray(0, await this.#fill(this.#room));
    return found + this.#takeAhead(rest);
  }

  protected override async pass(bytes: number): Promise<void> {
    const found = Math.min(bytes, this.#ahead.length);
    this.#ahead = this.#ahead.subarray(found);
    this.#position += bytes - found;
  }

  #takeAhead(into: Uint8Array): number {
    const part = this.#ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }

  async #fill(into: Uint8Array): Promise<number> {
    const done = await this.readAt(into, this.#position);
    this.#position += done;
    return done;
  }

  async close(): Promise<void> {}
}

/** A stream: standard input, an answer, a member of an archive. */
class ChunkSource extends Source {
  readonly keep: (() => Promise<() => ByteSource>) | undefined;
  readonly #stream: Chunks;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(path: string, stream: Chunks, size: number | undefined, keep: Keep | undefined) {
    super(path, size);
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
    this.keep = keep && (() => keep(this));
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
      const { syscall, message } = error as { syscall?: unknown; message: string };
      throw syscall ? named(error, this.path) : new FormatError(`${this.path}: ${message}`);
    }
    return done;
  }

  async close(): Promise<void> {
    if (this.#stream.destroy) this.#stream.destroy();
    else await this.#chunks.return?.();
  }
}

/** Keeps what is left of a source. */
export type Keep = (source: ByteSource) => Promise<() => ByteSource>;

export function fromChunks(path: string, chunks: Chunks, size?: number, keep?: Keep): ByteSource {
  return new ChunkSource(path, chunks, size, keep);
}
