import { kindOf } from "../check.ts";
import { owned } from "../dtype.ts";
import type { OpenArchive } from "./archive.ts";
import { type BlobLike, fromBlob, keepAsBlob } from "./blobSource.ts";
import { type ByteSource, fromChunks, RandomSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import type { Open } from "./openFrom.ts";
import { type ByteStream, chunksOf } from "./webStream.ts";

/** A Response of fetch(), for programs without declarations of that. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  /** The bytes, as they come. */
  readonly body: ByteStream | null;
}

/** A URL, for programs without declarations of that. */
export interface UrlLike {
  readonly href: string;
  readonly protocol: string;
}

/**
 * Where a file's bytes come from: a File or Blob, bytes in memory, a Response, a stream of bytes (of the web or of Node), or a name:
 * in Node a path, or an address (https, s3, hf); in browsers an address that fetch() takes.
 */
export type FileInput =
  | string
  | UrlLike
  | BlobLike
  | ArrayBufferLike
  | ArrayBufferView
  | ResponseLike
  | ByteStream
  | AsyncIterable<Uint8Array>;

/** What the readers ask of where they run. */
export interface Platform {
  /** Opens what is named. */
  readonly openNamed: (name: string) => Promise<ByteSource>;
  readonly openArchive: OpenArchive;
}

/** The end of an address's path. */
function nameIn(url: string): string {
  return /([^/]+)\/?$/.exec(url.replace(/[?#].*$/s, ""))?.[1] ?? url;
}

/** The bytes of an answer, as they come. */
export function fromResponse(response: ResponseLike, name: string, openArchive: OpenArchive): ByteSource {
  const { ok, status, url, body } = response;
  const path = url === "" ? name : nameIn(url);
  if (!ok) throw new FormatError(`${path}: the server answered ${status}`);
  if (body === null) throw new FormatError(`${path}: an answer without a body`);
  return fromChunks(path, chunksOf(body), undefined, keepAsBlob(openArchive));
}

function fromMemory(path: string, data: ArrayBufferLike | ArrayBufferView, openArchive: OpenArchive): ByteSource {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  const readAt = async (into: Uint8Array, position: number) => {
    const part = bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  };
  return new RandomSource(path, bytes.length, readAt, openArchive);
}

const isBuffer = (it: unknown): it is ArrayBufferLike =>
  /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(it));

/** Whatever an input may have. */
type Fields = Partial<UrlLike & BlobLike & ResponseLike & ByteStream & AsyncIterable<Uint8Array>>;

/**
 * How the bytes of an input are opened; `argument` is what the function calls it, and the name of what has none of its own.
 *
 * @throws TypeError of what holds no bytes
 */
export function openerOf(name: string, argument: string, input: unknown, { openNamed, openArchive }: Platform): Open {
  if (typeof input === "string") return () => openNamed(input);
  if (isBuffer(input) || ArrayBuffer.isView(input)) {
    return () => fromMemory(argument, input, openArchive);
  }
  const it = Object(input) as Fields;
  if (typeof it.ok === "boolean" && it.body !== undefined) {
    return () => fromResponse(it as ResponseLike, argument, openArchive);
  }
  if (typeof it.href === "string") {
    const { href } = it;
    return () => openNamed(href);
  }
  if (typeof it.slice === "function" && typeof it.arrayBuffer === "function") {
    return () => fromBlob(it.name || argument, it as BlobLike, openArchive);
  }
  const isStream = typeof it.getReader === "function";
  if (isStream || typeof it[Symbol.asyncIterator] === "function") {
    const chunks = () => (isStream ? chunksOf(it as ByteStream) : (it as AsyncIterable<Uint8Array>));
    return () => fromChunks(argument, ofBytes(name, argument, chunks()), undefined, keepAsBlob(openArchive));
  }
  throw new TypeError(
    `${name}: ${argument} must be a File, Blob, Response, stream, bytes, or a name, but is ${kindOf(input)}`,
  );
}

/** Pieces that must be bytes, as a stream of text's are not. */
function ofBytes(name: string, argument: string, chunks: AsyncIterable<unknown> & { destroy?(): unknown }) {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of chunks) {
        const bytes = owned(chunk);
        if (!(bytes instanceof Uint8Array)) {
          throw new TypeError(`${name}: ${argument} must be a stream of bytes, but holds ${kindOf(chunk)}`);
        }
        yield bytes;
      }
    },
    ...(chunks.destroy && { destroy: () => chunks.destroy!() }),
  };
}
