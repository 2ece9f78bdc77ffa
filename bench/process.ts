import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Slice } from "./sampling.ts";
import type { Prepared, Side } from "./side.ts";

/**
 * The candidates of a process. This package's in WebAssembly have one to themselves, as they have in a program that uses it;
 * the JavaScript loops another.
 */
export type Field = "wasm" | "javascript" | "peers" | "newer engine";

/** What a process is started for. */
export interface Request {
  readonly id: string;
  readonly field: Field;
  /** Where the case's material is. */
  readonly folder: string;
  /** Whether this is a run beside the peers. */
  readonly peers: boolean;
}

/** What it is told once its candidates are checked. */
export type Command =
  | { readonly do: "prepare" }
  | { readonly do: "slice"; readonly candidate: number; readonly time: number };

/** What it answers. */
export interface Replies {
  readonly check: null;
  readonly prepare: Prepared;
  readonly slice: Slice & { readonly sunk: number };
}

/**
 * A process of one case. What a case did to the engine is nothing to the next, and a crash costs one case. The peers have
 * a process of their own: their memories grow, and once an ArrayBuffer has been detached V8 checks for that at each
 * access to any typed array, which made the JavaScript loops up to twice as slow.
 */
export class CaseProcess implements Side {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param engine a Node.js other than this one */
  constructor(request: Request, engine: string = process.execPath) {
    const path = fileURLToPath(new URL("child.ts", import.meta.url));
    this.#child = fork(path, [JSON.stringify(request)], { serialization: "advanced", execPath: engine });
    this.#ended = new Promise((_, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", (code, signal) =>
        reject(
          new Error(`${request.id}: the process of ${request.field} ended with ${signal ?? `exit code ${code}`}.`),
        ),
      );
    });
    this.#ended.catch(() => {});
  }

  async #reply<K extends keyof Replies>(): Promise<Replies[K]> {
    const reply = new Promise<{ what: Replies[K] }>((resolve) => this.#child.once("message", resolve as never));
    return (await Promise.race([reply, this.#ended])).what;
  }

  #ask<K extends keyof Replies>(command: Command): Promise<Replies[K]> {
    this.#child.send(command);
    return this.#reply<K>();
  }

  checked(): Promise<null> {
    return this.#reply<"check">();
  }

  prepare(): Promise<Prepared> {
    return this.#ask<"prepare">({ do: "prepare" });
  }

  slice(candidate: number, time: number): Promise<Slice> {
    return this.#ask<"slice">({ do: "slice", candidate, time });
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill();
  }
}
