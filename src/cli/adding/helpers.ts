/** Threads that help this one, the first of them started while this one still loads what it runs: each takes about 0.1 s to start. */
import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { countCores } from "../../backends/threads/cores.ts";
import { partScript } from "../partScript.ts";
import { LARGE_BYTES } from "./large.ts";

/** A worker that waits for its plan. */
let ahead: Worker | undefined;

const isLarge = (path: string) => {
  try {
    return statSync(path).size > LARGE_BYTES;
  } catch {
    return false;
  }
};

/** Starts a worker where a command line is likely to need one; it keeps no process alive. */
export function startAhead(args: readonly string[]): void {
  const isAlone = /--threads[ =]1(?= |$)/.test(args.join(" "));
  if (args[0] !== "evaluate" || isAlone || countCores() === 1 || !args.some(isLarge)) return;
  const worker = createWorker();
  const forget = () => {
    if (ahead === worker) ahead = undefined;
  };
  worker.once("error", forget);
  worker.once("exit", forget);
  worker.unref();
  ahead = worker;
}

/** A worker, which takes a plan as its first message. */
export function takeWorker(): Worker {
  const worker = ahead ?? createWorker();
  ahead = undefined;
  worker.ref();
  return worker;
}

const createWorker = () => new Worker(partScript, { execArgv: [] });
