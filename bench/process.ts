import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CaseResult } from "./results.ts";
import type { Slice } from "./sampling.ts";

/** What a process is started for. */
export interface Request {
  readonly id: string;
  readonly field: "own" | "own and good loops" | "peers";
}

/** What it is told once its candidates are checked. */
export type Command =
  | { readonly do: "prepare" }
  | { readonly do: "slice"; readonly candidate: number; readonly time: number };

export interface Prepared {
  readonly result: CaseResult;
  readonly notes: readonly string[];
}

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
export class CaseProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(request: Request) {
    const path = fileURLToPath(new URL("child.ts", import.meta.url));
    this.#child = fork(path, [JSON.stringify(request)], { serialization: "advanced" });
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

  /** Resolves when all results are checked; to be called first, and once. */
  checked(): Promise<null> {
    return this.#reply<"check">();
  }

  /** Warms up what is to be timed, and tells which candidates there are. */
  prepare(): Promise<Prepared> {
    return this.#ask<"prepare">({ do: "prepare" });
  }

  /** Times a candidate for so many ms. */
  slice(candidate: number, time: number): Promise<Slice> {
    return this.#ask<"slice">({ do: "slice", candidate, time });
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill();
  }
}
