import { reasonOf } from "../../check.ts";
import { WORKER } from "../../generated/worker.ts";
import { type NodeWorkers, nodeModule } from "../../module/node.ts";
import type { Report, Start } from "./protocol.ts";

// What differs between the platforms: node:worker_threads in Node, Bun and Deno, Web Workers elsewhere.

/** A worker from outside. */
export interface Handle {
  post(start: Start): void;
  /** Stops it at once. */
  terminate(): void;
  /** It does not keep the process alive any more (browsers: nothing to do). */
  unref(): void;
}

/** What a worker tells. */
export interface Listener {
  report(report: Report): void;
  /** It stopped, or could not be started. */
  stopped(reason: string): void;
}

/** Starts a worker from the inlined script or from `source`; throws where the platform refuses it. */
export function spawn(source: string | undefined, listener: Listener): Handle {
  const threads = nodeModule("node:worker_threads");
  return threads ? spawnInNode(threads, source, listener) : spawnInBrowser(source, listener);
}

function spawnInNode({ Worker }: NodeWorkers, source: string | undefined, listener: Listener): Handle {
  // execArgv: loaders of the caller (--import ...) are no business of this worker, and cost it 100 ms
  const worker = new Worker(source === undefined ? WORKER : /^(file|data):/.test(source) ? new URL(source) : source, {
    eval: source === undefined,
    execArgv: [],
  });
  worker.on("message", (report: Report) => listener.report(report));
  worker.on("error", (error: unknown) => listener.stopped(reasonOf(error)));
  worker.on("exit", (code: number) => listener.stopped(`exit code ${code}`));
  return {
    post: (start) => worker.postMessage(start),
    terminate: () => void worker.terminate(),
    unref: () => worker.unref(),
  };
}

function spawnInBrowser(source: string | undefined, listener: Listener): Handle {
  const blob = source === undefined ? URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })) : undefined;
  const release = () => {
    if (blob !== undefined) URL.revokeObjectURL(blob);
  };
  const worker = new Worker(blob ?? source!);
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    release();
    listener.report(data);
  };
  worker.onerror = (event) => {
    release();
    event.preventDefault();
    listener.stopped(event.message || "its script could not be loaded");
  };
  worker.onmessageerror = () => listener.stopped("its start message could not be read");
  return { post: (start) => worker.postMessage(start), terminate: () => worker.terminate(), unref: () => {} };
}
