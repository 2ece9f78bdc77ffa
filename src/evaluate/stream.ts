import type { BesideTensor } from "../api/rowOptions.ts";
import { kindOf } from "../check.ts";
import type { LabelArray, LogitsArray } from "../dtype.ts";
import type { TensorLike } from "../tensorLike.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RowEvaluator } from "./evaluator.ts";
import type { EvaluatorOptions } from "./evaluatorOptions.ts";
import { turn } from "./turn.ts";

/** Rows of a stream. */
export interface Batch {
  /** Row-major [rows, classes]. */
  logits: LogitsArray | TensorLike;
  /** One a row. */
  labels: LabelArray | TensorLike;
  /** As add() takes them. */
  mask?: LabelArray | TensorLike | readonly boolean[];
  shift?: boolean | number;
  groups?: LabelArray | TensorLike;
  bytes?: number;
  words?: number;
}

/** A web ReadableStream, for programs without declarations of that. */
export interface BatchStream {
  getReader(): {
    read(): Promise<{ done: boolean; value?: Batch | undefined }>;
    cancel(): Promise<unknown>;
    releaseLock(): void;
  };
}

/** Where batches come from, one by one. */
export type Batches = AsyncIterable<Batch> | Iterable<Batch> | BatchStream;

/** An AbortSignal, for programs without declarations of that. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  /** Calls the listener when it is raised. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Lets a listener go. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How far a stream is. */
export interface StreamProgress {
  /** Rows so far, ignored ones too. */
  readonly rows: number;
  /** Batches so far. */
  readonly batches: number;
}

/** Options of evaluateStream(). */
export interface StreamOptions extends BesideTensor<EvaluatorOptions> {
  /** Ends it between batches, also while the next one is waited for: it rejects with the signal's reason. */
  signal?: Signal | undefined;
  /** Is told after each batch; what it throws it rejects with. */
  onProgress?: ((progress: StreamProgress) => void) | undefined;
}

/** The options of a stream, checked, and those of its evaluator. */
function optionsOf(name: string, given: StreamOptions) {
  // what is no object its evaluator refuses
  const { signal, onProgress, ...options } = Object(given) as StreamOptions;
  const { aborted, addEventListener } = Object(signal) as Partial<Signal>;
  if (signal !== undefined && (typeof aborted !== "boolean" || typeof addEventListener !== "function")) {
    throw new TypeError(`${name}: signal must be an AbortSignal, but is ${kindOf(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(`${name}: onProgress must be a function, but is ${kindOf(onProgress)}`);
  }
  return { signal, onProgress, options: (Object(given) === given ? options : given) as EvaluatorOptions };
}

/**
 * Adds batches one by one; asks for the next one when one is done with and the event loop had a turn. `evaluatorOf` makes the
 * evaluator, of the options and the first batch's logits where it must wait for these to know the classes.
 */
export async function evaluateBatches(
  evaluatorOf: (options: EvaluatorOptions, logits: unknown) => RowEvaluator,
  batches: Batches,
  given: StreamOptions,
): Promise<Evaluation> {
  const name = "evaluateStream";
  const { signal, onProgress, options } = optionsOf(name, given);
  const isKnown = Object(options).classes !== undefined || Object(options) !== options;
  let evaluator = isKnown ? evaluatorOf(options, undefined) : undefined;
  let count = 0;
  const source = iterable(batches);
  for await (const batch of signal ? until(source, signal) : source) {
    if (typeof batch !== "object" || batch === null) {
      throw new TypeError(`${name}: a batch must be an object of logits and labels, but is ${kindOf(batch)}`);
    }
    evaluator ??= evaluatorOf(options, batch.logits);
    evaluator.addRows(name, batch.logits, batch.labels, evaluator.rows, { ...batch, firstRow: undefined });
    count++;
    onProgress?.({ rows: evaluator.rows, batches: count });
    await turn();
  }
  return (evaluator ?? evaluatorOf(options, undefined)).result();
}

/**
 * What a source gives until a signal ends it. Then the source is told so, as where it is left early, but not waited for: it may be in
 * the middle of something.
 */
async function* until<T>(source: AsyncIterable<T>, signal: Signal): AsyncGenerator<T> {
  let wake = () => {};
  const listener = () => wake();
  signal.addEventListener("abort", listener);
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    while (!signal.aborted) {
      isOver = true;
      // one of its own each time: what waits for a promise is kept as long as that
      const aborted = new Promise<undefined>((resolve) => {
        wake = () => resolve(undefined);
      });
      const next = await Promise.race([iterator.next(), aborted]);
      if (next?.done) return;
      isOver = false;
      if (next !== undefined) yield next.value;
    }
    throw signal.reason;
  } finally {
    signal.removeEventListener("abort", listener);
    const left = isOver ? undefined : iterator.return?.();
    if (!signal.aborted) await left;
    else Promise.resolve(left).catch(() => {});
  }
}

/** As an iterable of batches, of which those of an array may be promises. */
async function* inTurn(batches: Iterable<Batch>): AsyncGenerator<Batch> {
  for await (const batch of batches) yield batch;
}

function iterable(batches: Batches): AsyncIterable<Batch> {
  const it = batches as Partial<AsyncIterable<Batch> & Iterable<Batch> & BatchStream> | null | undefined;
  // before its own iterator, which has no turn to cancel it while it reads
  if (typeof it?.getReader === "function") return readerOf(it as BatchStream);
  if (it?.[Symbol.asyncIterator]) return it as AsyncIterable<Batch>;
  if (it?.[Symbol.iterator]) return inTurn(it as Iterable<Batch>);
  throw new TypeError("evaluateStream: batches must be an iterable or a ReadableStream");
}

/** A ReadableStream as an iterable. */
function readerOf(stream: BatchStream): AsyncIterable<Batch> {
  return {
    [Symbol.asyncIterator]() {
      const reader = stream.getReader();
      return {
        async next() {
          const { done, value } = await reader.read();
          if (done) reader.releaseLock();
          return { done, value } as IteratorResult<Batch>;
        },
        async return() {
          await reader.cancel();
          reader.releaseLock();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
