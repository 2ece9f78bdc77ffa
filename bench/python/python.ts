import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Case } from "../cases.ts";
import { relativeError, tolerance } from "../check.ts";
import type { Folder } from "../material.ts";
import type { Result } from "../operations/operation.ts";
import type { Outcome } from "../results.ts";
import type { Slice } from "../sampling.ts";
import type { Prepared, Side } from "../side.ts";

/** The shell's, and the system's own: Debian's packages are in the second. */
const INTERPRETERS = ["python3", "/usr/bin/python3"];
const ONE_THREAD = Object.fromEntries(["OMP", "OPENBLAS", "MKL", "BLIS"].map((name) => [`${name}_NUM_THREADS`, "1"]));
const PACKAGES = "apt-get install python3-numpy python3-torch";

/** What losses.py says of a way of computing a case: the loss, and the file that it wrote an array to. */
interface Answer {
  readonly name: string;
  readonly composition: string;
  readonly loss?: number | null;
  readonly array?: string;
  readonly failed?: string;
}

function resultOf({ loss, array }: Answer): Result {
  if (array === undefined) return loss!;
  const bytes = readFileSync(array);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return typeof loss === "number" ? { loss, grad: values } : values;
}

/** A Python that runs for all cases: PyTorch takes a second to load. */
export class Python {
  /** Of the libraries it has. */
  readonly versions: Readonly<Record<string, string>>;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, versions: Record<string, string>) {
    this.versions = versions;
    this.#process = child;
    this.#lines = lines;
  }

  static async #start(interpreter: string): Promise<Python | undefined> {
    const script = fileURLToPath(new URL("losses.py", import.meta.url));
    const env = { ...process.env, ...ONE_THREAD };
    const child = spawn(interpreter, [script], { env, stdio: ["pipe", "pipe", "ignore"] });
    child.on("error", () => {});
    child.stdin.on("error", () => {});
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    return done ? undefined : new Python(child, lines, JSON.parse(value));
  }

  /** The interpreter with most of the libraries, and a sentence on what is missing. */
  static async find(): Promise<{ python?: Python; note?: string }> {
    let best: Python | undefined;
    for (const interpreter of INTERPRETERS) {
      const found = await Python.#start(interpreter);
      const worse = count(found) > count(best) ? best : found;
      if (worse !== found) best = found;
      worse?.end();
      if (count(best) === 2) return { python: best };
    }
    if (count(best) === 1) return { python: best, note: `PyTorch does not run here (${PACKAGES}).` };
    best?.end();
    return { note: `numpy and PyTorch do not run here (${PACKAGES}).` };
  }

  async #ask<T>(command: object): Promise<T> {
    this.#process.stdin!.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("numpy and PyTorch: their process ended");
    return JSON.parse(value);
  }

  /** A case's candidates, one after the other: there is one process. */
  side({ operation, shape, dtype }: Case, folder: Folder): Side {
    let outcomes: Outcome[] = [];
    return {
      checked: async () => {
        const { rows, classes } = shape;
        const load = { do: "load", operation: operation.name, rows, classes, folder: folder.path };
        const answers = await this.#ask<Answer[]>(load);
        outcomes = answers.map((answer): Outcome => {
          const { name, composition, failed } = answer;
          const common = { name, input: "ordinary", composition } as const;
          if (failed !== undefined) return { ...common, status: "failed", reason: failed };
          const error = relativeError(resultOf(answer), folder.material.wanted);
          return { ...common, status: error <= tolerance.other[dtype] ? "right" : "wrong", error };
        });
      },
      prepare: async (): Promise<Prepared> => {
        const right = outcomes.flatMap(({ status }, i) => (status === "right" ? [i] : []));
        const chosen = await this.#ask<number[]>({ do: "prepare", right });
        // those that have no right result come last, with one that is wrong
        const timed = chosen.map((i) => outcomes[i]);
        const without = outcomes.filter(({ name }, i) => {
          const first = outcomes.findIndex((each) => each.name === name) === i;
          return first && !timed.some((each) => each.name === name);
        });
        return { outcomes: [...timed, ...without], notes: [] };
      },
      slice: (candidate, time) => this.#ask<Slice>({ do: "slice", candidate, time }),
      end() {},
    };
  }

  end(): void {
    this.#process.stdin!.end();
  }
}

const count = (python: Python | undefined) => Object.keys(python?.versions ?? {}).length;
