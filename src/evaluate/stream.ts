import { kindOf } from "../check.ts";
import type { LabelArray, LogitsArray } from "../dtype.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RowEvaluator } from "./evaluator.ts";

/** Rows of a stream. */
export interface Batch {
  /** Row-major [rows, classes]. */
  logits: LogitsArray;
  /** One a row. */
  labels: LabelArray;
  /** As add() takes them. */
  mask?: LabelArray | readonly boolean[];
  shift?: number;
  groups?: LabelArray;
  bytes?: number;
  words?: number;
}

/** A web ReadableStream, for programs without declarations of that. */
export interface BatchStream {
  getReader(): {
    read(): Promise<{ done: boolean; value?: Batch }>;
    cancel(): Promise<unknown>;
    releaseLock(): void;
  };
}

/** Where batches come from, one by one. */
export type Batches = AsyncIterable<Batch> | Iterable<Batch> | BatchStream;

/** Lets the event loop have a turn, for timers, input and signals; a timer of 0 ms takes 4 in browsers. */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else if (typeof MessageChannel === "function") {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else if (typeof setTimeout === "function") setTimeout(resolve);
    // a bare vm context has no event loop of its own
    else resolve();
  });
}

/** Adds batches one by one; asks for the next one when one is done with and the event loop had a turn. */
export async function evaluateBatches(evaluator: RowEvaluator, batches: Batches): Promise<Evaluation> {
  for await (const batch of iterable(batches)) {
    if (typeof batch !== "object" || batch === null) {
      throw new TypeError(`evaluateStream: a batch must be an object of logits and labels, but is ${kindOf(batch)}`);
    }
    evaluator.addRows("evaluateStream", batch.logits, batch.labels, evaluator.rows, batch);
    await turn();
  }
  return evaluator.result();
}

function iterable(batches: Batches): AsyncIterable<Batch> | Iterable<Batch> {
  const it = batches as Partial<AsyncIterable<Batch> & Iterable<Batch> & BatchStream> | null | undefined;
  if (it?.[Symbol.asyncIterator] || it?.[Symbol.iterator]) return it as AsyncIterable<Batch>;
  if (typeof it?.getReader === "function") return readerOf(it as BatchStream);
  throw new TypeError("evaluateStream: batches must be an iterable or a ReadableStream");
}

/** A ReadableStream where it is not an iterable itself. */
async function* readerOf(stream: BatchStream): AsyncGenerator<Batch> {
  const reader = stream.getReader();
  let done = false;
  try {
    for (;;) {
      const next = await reader.read();
      done = next.done;
      if (done) return;
      yield next.value as Batch;
    }
  } finally {
    if (!done) await reader.cancel();
    reader.releaseLock();
  }
}
