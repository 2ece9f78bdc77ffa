import { type CrossEntropy, CrossEntropyLoss } from "./api/crossEntropy.ts";
import { SquaredError } from "./api/elementwise.ts";
import type { Constructor } from "./api/losses.ts";
import type { Out, Reduce } from "./api/reduction.ts";
import type { Rows } from "./api/rowOptions.ts";
import { Softmax } from "./api/softmax.ts";
import type { Backend } from "./backends/backend.ts";
import type { Pool } from "./backends/threads/pool.ts";
import { checkInteger, kindOf } from "./check.ts";
import { type FloatArray, isArrayType, type LabelArray, type LogitsArray } from "./dtype.ts";
import type { Evaluation } from "./evaluate/evaluation.ts";
import { RowEvaluator, type RowListener } from "./evaluate/evaluator.ts";
import type { EvaluatorOptions } from "./evaluate/evaluatorOptions.ts";
import { ErrorEvaluator, type RegressionEvaluator } from "./evaluate/regression.ts";
import { type Batches, evaluateBatches } from "./evaluate/stream.ts";
import { type Engine as EvaluationEngine, Workspace } from "./evaluate/workspace.ts";
import type { ArrayType } from "./memory/arena.ts";

/** The families of losses on one backend. */
class Families {
  readonly backend: Backend;
  readonly squaredError: SquaredError;
  readonly softmax: Softmax;
  readonly crossEntropy: CrossEntropyLoss;

  constructor(backend: Backend) {
    this.backend = backend;
    this.squaredError = new SquaredError(backend);
    this.softmax = new Softmax(backend);
    this.crossEntropy = new CrossEntropyLoss(backend);
  }
}

/** Hands each call to src/api, while it is open. */
export class Engine {
  readonly backend: "wasm" | "js";
  readonly relaxed: boolean;
  #notes: readonly string[];
  #pool: Pool | undefined;
  #families: Families | undefined;
  #workspace: Workspace | undefined;

  constructor(backend: Backend, notes: readonly string[], relaxed = false, pool?: Pool) {
    this.backend = backend.name;
    this.relaxed = relaxed;
    this.#notes = notes;
    this.#pool = pool;
    this.#families = new Families(backend);
  }

  get threads(): number {
    return 1 + (this.#pool?.size ?? 0);
  }

  get notes(): readonly string[] {
    return Object.freeze([...this.#notes, ...(this.#pool?.notes ?? [])]);
  }

  #open(name: string): Families {
    if (this.#families === undefined) throw new TypeError(`${name}: this Losses is closed`);
    return this.#families;
  }

  alloc<A extends Constructor>(type: A, length: number): InstanceType<A> {
    const { backend } = this.#open("alloc");
    if (!isArrayType(type)) {
      const name = typeof type === "function" ? (type as { name: string }).name : kindOf(type);
      throw new TypeError(`alloc: type must be a typed array's constructor, but is ${name}`);
    }
    checkInteger("alloc", "length", length, 0, Number.MAX_SAFE_INTEGER);
    return backend.arena.alloc(type as unknown as ArrayType, length) as InstanceType<A>;
  }

  free(view: ArrayBufferView): void {
    this.#open("free").backend.arena.free(view);
  }

  close(): void {
    this.#notes = this.notes;
    // results outlive the engine
    this.#workspace?.leave();
    this.#pool?.close();
    // whatever leads to the memory
    this.#families = undefined;
    this.#workspace = undefined;
    this.#pool = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  mse(p: FloatArray, t: FloatArray, o?: Reduce) {
    return this.#open("mse").squaredError.mse(p, t, o) as never;
  }

  mseWithGrad(p: FloatArray, t: FloatArray, o?: Reduce & Out) {
    return this.#open("mseWithGrad").squaredError.mseWithGrad(p, t, o) as never;
  }

  rmse(p: FloatArray, t: FloatArray) {
    return this.#open("rmse").squaredError.rmse(p, t);
  }

  rmseWithGrad(p: FloatArray, t: FloatArray, o?: Out) {
    return this.#open("rmseWithGrad").squaredError.rmseWithGrad(p, t, o) as never;
  }

  softmax(logits: LogitsArray, o: Rows & Out) {
    return this.#open("softmax").softmax.softmax(logits, o) as never;
  }

  logSoftmax(logits: LogitsArray, o: Rows & Out) {
    return this.#open("logSoftmax").softmax.logSoftmax(logits, o) as never;
  }

  logSumExp(logits: LogitsArray, o: Rows) {
    return this.#open("logSumExp").softmax.logSumExp(logits, o);
  }

  crossEntropy(logits: LogitsArray, targets: LabelArray | FloatArray, o: CrossEntropy) {
    return this.#open("crossEntropy").crossEntropy.loss(logits, targets, o) as never;
  }

  crossEntropyWithGrad(logits: LogitsArray, targets: LabelArray | FloatArray, o: CrossEntropy & Out) {
    return this.#open("crossEntropyWithGrad").crossEntropy.withGrad(logits, targets, o) as never;
  }

  evaluator(options: EvaluatorOptions, listener?: RowListener, name = "evaluator"): RowEvaluator {
    return new RowEvaluator(name, this.#evaluationEngine(name), options, listener);
  }

  regressionEvaluator(): RegressionEvaluator {
    return new ErrorEvaluator(this.#evaluationEngine("regressionEvaluator"));
  }

  evaluate(logits: LogitsArray, labels: LabelArray, options: EvaluatorOptions): Evaluation {
    const evaluator = this.evaluator(options, undefined, "evaluate");
    evaluator.addRows("evaluate", logits, labels);
    return evaluator.result();
  }

  // async, so that what is wrong with the options rejects, too
  async evaluateStream(batches: Batches, options: EvaluatorOptions): Promise<Evaluation> {
    return evaluateBatches(this.evaluator(options, undefined, "evaluateStream"), batches);
  }

  #evaluationEngine(name: string): EvaluationEngine {
    this.#open(name);
    return {
      backend: (caller) => this.#open(caller).backend,
      workspace: () => {
        this.#workspace ??= new Workspace(this.#open(name).backend);
        return this.#workspace;
      },
    };
  }
}
