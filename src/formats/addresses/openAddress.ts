/** Files over https, on S3 and on the Hugging Face Hub, as sources of bytes. For Node. */
import type { ReadAt } from "../archive.ts";
import { type ByteSource, Source } from "../bytes.ts";
import { openArchive } from "../openFile.ts";
import { addressOf } from "./address.ts";
import { PATIENCE, type Patience, Transfer } from "./transfer.ts";

/** A file is read from front to end by windows of so many bytes, two under way. */
const WINDOW = 2 ** 23;
const AHEAD = 2;

/** Shorter reads from anywhere are taken from blocks, the last ones of which are kept. */
const BLOCK = 2 ** 18;
const BLOCKS = 32;

/** All pieces as one. */
async function joined(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes.subarray(0, at);
}

/** A file whose server sends parts of it. */
class RangedSource extends Source {
  readonly #transfer: Transfer;
  readonly #windows: Promise<Uint8Array>[] = [];
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  readonly #end: number;
  #position: number;
  #asked: number;
  #current: Uint8Array;

  /** Bytes [begin, end) of a file, of which `first` came already. */
  constructor(transfer: Transfer, first: Uint8Array, begin = 0, end = transfer.size!) {
    super(transfer.name, end - begin);
    this.#transfer = transfer;
    this.#current = first;
    this.#position = begin;
    this.#asked = begin + first.length;
    this.#end = end;
  }

  readonly slice = (begin: number, end: number): ByteSource => {
    const part = new RangedSource(this.#transfer, new Uint8Array(0), begin, Math.min(end, this.#end));
    part.close = async () => {};
    return part;
  };

  position(): number {
    return this.#position - this.back;
  }

  protected async pull(into: Uint8Array): Promise<number> {
    let done = 0;
    while (done < into.length) {
      if (this.#current.length === 0) {
        this.#ask();
        const window = this.#windows.shift();
        if (window === undefined) break;
        this.#current = await window;
        if (this.#current.length === 0) break;
      }
      this.#ask();
      const part = this.#current.subarray(0, into.length - done);
      into.set(part, done);
      done += part.length;
      this.#current = this.#current.subarray(part.length);
    }
    this.#position += done;
    return done;
  }

  protected override async pass(bytes: number): Promise<void> {
    const to = Math.min(this.#position + bytes, this.#end);
    // what is passed over is not asked for
    if (to - this.#position <= this.#current.length) {
      this.#current = this.#current.subarray(to - this.#position);
    } else if (to >= this.#asked) {
      this.#current = new Uint8Array(0);
      for (const it of this.#windows.splice(0)) it.catch(() => {});
      this.#asked = to;
    } else return super.pass(bytes);
    this.#position = to;
  }

  #ask(): void {
    while (this.#windows.length < AHEAD && this.#asked < this.#end) {
      const end = Math.min(this.#asked + WINDOW, this.#end);
      const window = this.#fetch(this.#asked, end);
      // told when it is its turn
      window.catch(() => {});
      this.#windows.push(window);
      this.#asked = end;
    }
  }

  #fetch(begin: number, end: number): Promise<Uint8Array> {
    return joined(this.#transfer.bytes(begin, end), end - begin);
  }

  readonly openArchive = openArchive;

  readonly readAt: ReadAt = async (into, position) => {
    const end = Math.min(position + into.length, this.#end);
    if (end <= position) return 0;
    if (end - position >= BLOCK) {
      const bytes = await this.#fetch(position, end);
      into.set(bytes);
      return bytes.length;
    }
    for (let at = position; at < end; ) {
      const index = Math.floor(at / BLOCK);
      const block = await this.#block(index);
      const part = block.subarray(at - index * BLOCK, end - index * BLOCK);
      into.set(part, at - position);
      at += part.length;
    }
    return end - position;
  };

  #block(index: number): Promise<Uint8Array> {
    const known = this.#blocks.get(index);
    const block = known ?? this.#fetch(index * BLOCK, Math.min((index + 1) * BLOCK, this.#end));
    // the one that was used last stands last
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    if (this.#blocks.size > BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!);
    return block;
  }

  async close(): Promise<void> {
    this.#transfer.close();
  }
}

/** A file whose server sends nothing but the whole of it: read from front to end only. */
class WholeSource extends Source {
  readonly #transfer: Transfer;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array;

  constructor(transfer: Transfer, first: Uint8Array, pieces: AsyncIterator<Uint8Array>) {
    super(transfer.name, transfer.size);
    this.#transfer = transfer;
    this.#piece = first;
    this.#pieces = pieces;
  }

  protected async pull(into: Uint8Array): Promise<number> {
    let done = 0;
    while (done < into.length) {
      if (this.#piece.length === 0) {
        const next = await this.#pieces.next();
        if (next.done) break;
        this.#piece = next.value;
      }
      const part = this.#piece.subarray(0, into.length - done);
      into.set(part, done);
      done += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    return done;
  }

  async close(): Promise<void> {
    this.#transfer.close();
  }
}

/**
 * Opens the file of an address: its first window is asked for, of `window` bytes.
 *
 * @throws FormatError, with the address without keys and tokens, of what can't be read
 */
export async function openAddress(text: string, patience: Patience = PATIENCE, window = WINDOW): Promise<ByteSource> {
  const transfer = new Transfer(addressOf(text), patience);
  const pieces = transfer.bytes(0, window);
  try {
    const { value: first = new Uint8Array(0) } = await pieces.next();
    if (!transfer.hasRanges) {
      await pieces.return(undefined);
      const all = transfer.bytes(0);
      return new WholeSource(transfer, new Uint8Array(0), all);
    }
    const rest = await joined(pieces, Math.min(window, transfer.size!) - first.length);
    const begin = new Uint8Array(first.length + rest.length);
    begin.set(first);
    begin.set(rest, first.length);
    return new RangedSource(transfer, begin);
  } catch (error) {
    transfer.close();
    throw error;
  }
}

/**
 * What changes when somebody writes to the file of an address: its size and ETag, or time; undefined where the server sends no parts.
 *
 * @throws as openAddress
 */
export async function versionOf(text: string, patience: Patience = PATIENCE): Promise<string | undefined> {
  const transfer = new Transfer(addressOf(text), patience);
  try {
    await transfer.bytes(0, 1).next();
    return transfer.hasRanges ? transfer.version : undefined;
  } finally {
    transfer.close();
  }
}
