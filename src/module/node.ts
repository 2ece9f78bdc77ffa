// What code for every engine asks of Node, and of Bun and Deno, which have its modules. It is declared here, so that such code
// is checked without Node's types (tsconfig.everywhere.json).

/** A Buffer, as far as it is needed. */
interface BufferLike extends Uint8Array<ArrayBuffer> {
  toString(encoding?: "utf8" | "hex", start?: number): string;
}

/** node:worker_threads, as far as it is needed. */
export interface NodeWorkers {
  readonly Worker: new (
    source: URL | string,
    options: { eval: boolean; execArgv: string[] },
  ) => {
    on(event: "message" | "error" | "exit", listener: (value: never) => void): void;
    postMessage(message: unknown): void;
    terminate(): unknown;
    unref(): void;
  };
  /** Of a worker: its port to who started it. */
  readonly parentPort: unknown;
  readonly MessageChannel: typeof MessageChannel;
}

interface Modules {
  "node:fs": { readFileSync(path: URL | string): BufferLike };
  "node:fs/promises": { readFile(path: URL | string): Promise<Uint8Array<ArrayBuffer>> };
  "node:os": { availableParallelism(): number };
  "node:worker_threads": NodeWorkers;
  "node:zlib": {
    inflateSync(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
    /** Since 20.15. */
    crc32?(bytes: Uint8Array, before?: number): number;
  };
}

interface Globals {
  readonly process?: { getBuiltinModule?<Name extends keyof Modules>(name: Name): Modules[Name] };
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> };
}

const globals = globalThis as unknown as Globals;

/** A module of Node; undefined in browsers. */
export function nodeModule<Name extends keyof Modules>(name: Name): Modules[Name] | undefined {
  return globals.process?.getBuiltinModule?.(name);
}

/** Node's global Buffer; undefined in browsers. */
export function nodeBuffer(): Globals["Buffer"] {
  return globals.Buffer;
}
