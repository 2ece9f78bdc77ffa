/** The bytes of an address, from any of them on: asked for again where the network fails, and never of two versions. For Node. */
import { setTimeout as sleep } from "node:timers/promises";
import { FormatError } from "../error.ts";
import { type Address, checkedUrl } from "./address.ts";

/** How long failures are borne. */
export interface Patience {
  /** Failures in a row, without a byte in between. */
  readonly failures: number;
  /** The wait after the first one; it doubles each time. */
  readonly milliseconds: number;
  /** Without a byte the connection is given up. */
  readonly silence: number;
}

export const PATIENCE: Patience = { failures: 6, milliseconds: 500, silence: 30_000 };

const LONGEST_WAIT = 30_000;
const MOST_REDIRECTS = 10;

/** What may be better the next time. */
class Passing extends Error {
  readonly wait: number;

  constructor(message: string, wait = 0) {
    super(message);
    this.wait = wait;
  }
}

/** What the first response says of the file, and each later one must. */
interface Version {
  /** Undefined where the server does not say. */
  readonly size: number | undefined;
  readonly tag: string | null;
  readonly modified: string | null;
}

interface Connection {
  /** The file's byte that the body begins with. */
  readonly begin: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly abort: () => void;
}

/** What went wrong, in a line: the cause is what fetch hides. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  const reason = cause?.message || cause?.code || message;
  return reason.split("\n")[0];
}

/** The wait that a server asks for, in milliseconds. */
export function retryAfter(response: Response): number {
  const text = response.headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return seconds > 0 ? Math.min(1000 * seconds, LONGEST_WAIT) : 0;
}

export class Transfer {
  readonly name: string;
  /** Whether the server sends parts. */
  hasRanges = true;
  readonly #address: Address;
  readonly #patience: Patience;
  readonly #open = new Set<AbortController>();
  readonly #closing = new AbortController();
  #version: Version | undefined;

  constructor(address: Address, patience: Patience) {
    this.name = address.name;
    this.#address = address;
    this.#patience = patience;
  }

  get size(): number | undefined {
    return this.#version?.size;
  }

  /** Size, and ETag or time, of what is read. */
  get version(): string {
    const { size, tag, modified } = this.#version ?? {};
    return [size, tag ?? modified].filter((it) => it != null).join(" ");
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
    for (const it of this.#open) it.abort();
  }

  /**
   * Bytes [begin, end), or all from `begin` on, piece by piece. After a failure the rest is asked for again.
   * @throws FormatError where the file is another one than before, the server refuses, or it fails too often
   */
  async *bytes(begin: number, end?: number): AsyncGenerator<Uint8Array> {
    const { failures: most, milliseconds } = this.#patience;
    let at = begin;
    for (let failures = 0; ; ) {
      try {
        const connection = await this.#connect(at, end);
        const last = Math.min(end ?? Number.POSITIVE_INFINITY, this.size ?? Number.POSITIVE_INFINITY);
        try {
          let before = at - connection.begin;
          if (at >= last) return;
          for await (const piece of connection.body) {
            const part = piece.subarray(Math.min(before, piece.length)).subarray(0, last - at);
            before -= Math.min(before, piece.length);
            if (part.length === 0) continue;
            at += part.length;
            failures = 0;
            yield part;
            if (at >= last) return;
          }
        } finally {
          connection.abort();
        }
        if (last === Number.POSITIVE_INFINITY) return;
        throw new Passing(`the connection ended at byte ${at} of ${last}`);
      } catch (error) {
        if (!(error instanceof Passing) || this.#closing.signal.aborted) throw error;
        if (++failures > most) throw new FormatError(`${this.name}: ${error.message} (${failures} times in a row)`);
        const wait = Math.max(error.wait, Math.min(LONGEST_WAIT, milliseconds * 2 ** (failures - 1)));
        await sleep(wait, undefined, { signal: this.#closing.signal });
      }
    }
  }

  /** A connection that sends bytes from `begin` on, or from before. */
  async #connect(begin: number, end: number | undefined): Promise<Connection> {
    const { held } = this.#address;
    const tag = this.#version?.tag;
    const validator = tag?.startsWith('"') ? tag : held === "If-Range" ? this.#version?.modified : undefined;
    // compressed on the way, bytes would have no places
    const headers: Record<string, string> = { "Accept-Encoding": "identity" };
    if (begin > 0 || end !== undefined) headers.Range = `bytes=${begin}-${end === undefined ? "" : end - 1}`;
    if (validator) headers[held] = validator;
    const abort = new AbortController();
    this.#closing.signal.throwIfAborted();
    this.#open.add(abort);
    const close = () => {
      abort.abort();
      this.#open.delete(abort);
    };
    try {
      const response = await this.#quiet(abort, this.#follow(headers, abort.signal));
      return { ...this.#checked(response, begin, end), body: this.#body(response, abort), abort: close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** A promise of the network, given up after a silence; what it fails of may pass. */
  async #quiet<T>(abort: AbortController, promise: Promise<T>): Promise<T> {
    const { silence } = this.#patience;
    let isSilent = false;
    const timer = setTimeout(() => {
      isSilent = true;
      abort.abort();
    }, silence);
    try {
      return await promise;
    } catch (error) {
      if (error instanceof FormatError || error instanceof Passing) throw error;
      throw new Passing(isSilent ? `no answer for ${silence / 1000} s` : reasonOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  async *#body(response: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    for (;;) {
      const { done, value } = await this.#quiet(abort, reader.read());
      if (done) return;
      yield value;
    }
  }

  /** The response of where redirects lead to; keys and tokens stay with the address's own origin. */
  async #follow(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    let { url } = this.#address;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const own = url.origin === this.#address.url.origin ? await this.#address.sign(headers) : headers;
      const response = await fetch(url, { headers: own, signal, redirect: "manual" });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || response.status === 304 || location === null)
        return response;
      await response.body?.cancel();
      if (this.#address.held === "If-Match") return response;
      url = checkedUrl(new URL(location, url).href, this.name);
    }
    throw new FormatError(`${this.name}: more than ${MOST_REDIRECTS} redirects`);
  }

  /** Where the body of a response begins, which must be of the same version as those before. */
  #checked(response: Response, begin: number, end: number | undefined): { begin: number } {
    const { status, statusText, headers } = response;
    const fail = (what: string): never => {
      throw new FormatError(`${this.name}: ${what}`);
    };
    const changed = () => fail("it changed while it was read");
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      throw new Passing(`the server answers ${status}${statusText && ` ${statusText}`}`, retryAfter(response));
    }
    if (status === 412 && this.#version) changed();
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
    if (status === 416) {
      // of an empty file no part can be sent
      if (this.#version) changed();
      if (range?.[3] !== "0") fail("the server answers 416, and not for an empty file");
      this.#version = { size: 0, tag: headers.get("etag"), modified: headers.get("last-modified") };
      return { begin: 0 };
    }
    if (status !== 200 && status !== 206) {
      const region = headers.get("x-amz-bucket-region");
      const where = region && status !== 200 ? ` (the bucket is in ${region}: AWS_REGION)` : "";
      fail(`the server answers ${status}${statusText && ` ${statusText}`}${where}`);
    }
    const coding = headers.get("content-encoding");
    if (coding !== null && coding !== "identity") fail(`the server sends it compressed (${coding})`);
    const first = status === 206 ? Number(range?.[1]) : 0;
    if (status === 206 && first !== begin) {
      throw new Passing(
        `the server sends ${headers.get("content-range") ?? "no Content-Range"}, but bytes from ${begin} on were asked for`,
      );
    }
    const length = headers.get("content-length");
    const size =
      status === 206
        ? range![3] === "*"
          ? undefined
          : Number(range![3])
        : length === null
          ? undefined
          : Number(length);
    const version = { size, tag: headers.get("etag"), modified: headers.get("last-modified") };
    if (this.#version === undefined) {
      this.#version = version;
      this.hasRanges = status === 206 && size !== undefined;
    } else if (!this.#isSame(version)) changed();
    const last = Number(range?.[2]);
    if (status === 206 && size !== undefined && end !== undefined && last >= Math.max(size, end)) {
      throw new Passing(`the server sends bytes up to ${last} of ${size}`);
    }
    return { begin: first };
  }

  #isSame({ size, tag, modified }: Version): boolean {
    const was = this.#version!;
    if (size !== undefined && was.size !== undefined && size !== was.size) return false;
    if (tag !== null && was.tag !== null) return tag === was.tag;
    return modified === was.modified;
  }
}
