import { NO_FLOATS, type Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkLength,
  checkNumber,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  logitsOf,
  outOf,
} from "../check.ts";
import type { ElementwiseArguments, ElementwiseCall } from "../descriptions/elementwise.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import {
  type Dtype,
  dtypeOf,
  type FloatArray,
  floatArray,
  HalfBits,
  type LogitsArray,
  type Matching,
  type ResultOf,
} from "../dtype.ts";
import type { Door } from "./door.ts";
import { type Out, type Reduce, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";

/** A loss of predictions and as many targets, of one dtype; `O` are its options. */
export interface ElementwiseFunction<O extends object = object> {
  <A extends LogitsArray>(predictions: A, targets: Matching<A>, options: O & { reduction: "none" }): ResultOf<A>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & { reduction?: "mean" | "sum" | undefined },
  ): number;
  <A extends LogitsArray>(predictions: A, targets: Matching<A>, options?: O & Reduce): number | ResultOf<A>;
}

/** Such a loss and its gradient by the predictions. */
export interface ElementwiseWithGrad<O extends object = object> {
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options: O & Out<ResultOf<A>> & { reduction: "none" },
  ): WithGrad<ResultOf<A>, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & Out<ResultOf<A>> & { reduction?: "mean" | "sum" | undefined },
  ): WithGrad<number, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & Out<ResultOf<A>> & Reduce,
  ): WithGrad<number | ResultOf<A>, ResultOf<A>>;
}

/** One loss on one backend: `loss` and `withGrad` are its public functions. */
export function createElementwise<O extends string = never>(door: Door, call: ElementwiseCall<O>) {
  const face = new Elementwise(door, call);
  type Options = { readonly [name in O]?: number };

  function loss<A extends LogitsArray>(p: A, t: Matching<A>, options: Options & { reduction: "none" }): ResultOf<A>;
  function loss<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Options & { reduction?: "mean" | "sum" | undefined },
  ): number;
  function loss<A extends LogitsArray>(p: A, t: Matching<A>, options?: Options & Reduce): number | ResultOf<A>;
  function loss(p: LogitsArray, t: LogitsArray, options?: Options & Reduce): number | FloatArray {
    return face.loss(call.name, p, t, options);
  }

  type Given<A extends LogitsArray> = Options & Out<ResultOf<A>>;
  type Grad<A extends LogitsArray, L> = WithGrad<L, ResultOf<A>>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options: Given<A> & { reduction: "none" },
  ): Grad<A, ResultOf<A>>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Given<A> & { reduction?: "mean" | "sum" | undefined },
  ): Grad<A, number>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Given<A> & Reduce,
  ): Grad<A, number | ResultOf<A>>;
  function withGrad(p: LogitsArray, t: LogitsArray, options?: Options & Reduce & Out): WithGrad<number | FloatArray> {
    return face.withGrad(`${call.name}WithGrad`, p, t, options);
  }

  return { loss, withGrad };
}

/** The root of the mean squared error. */
export interface RootMeanSquare {
  /**
   * Root of the mean squared error, sqrt(mse).
   *
   * @throws as mse
   * @example
   * losses.rmse(Float32Array.of(3, 0), Float32Array.of(0, 4)); // 3.5355339059327378
   */
  readonly rmse: <A extends LogitsArray>(predictions: A, targets: Matching<A>) => number;

  /** rmse and its gradient by the predictions, (p - t) / (n rmse), and 0 where rmse is 0. Errors as of mseWithGrad. */
  readonly rmseWithGrad: <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: Out<ResultOf<A>>,
  ) => WithGrad<number, ResultOf<A>>;
}

export function createRootMeanSquare(door: Door, squaredError: ElementwiseCall): RootMeanSquare {
  const face = new Elementwise(door, squaredError);

  function rmse<A extends LogitsArray>(predictions: A, targets: Matching<A>): number;
  function rmse(predictions: LogitsArray, targets: LogitsArray, options?: object): number {
    return Math.sqrt(face.mean("rmse", predictions, targets, options));
  }

  function rmseWithGrad<A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: Out<ResultOf<A>>,
  ): WithGrad<number, ResultOf<A>>;
  function rmseWithGrad(predictions: LogitsArray, targets: LogitsArray, options?: Out): WithGrad<number> {
    return face.rootWithGrad("rmseWithGrad", predictions, targets, options);
  }

  return { rmse, rmseWithGrad };
}

const NO_OPTIONS: Readonly<Record<string, unknown>> = {};

/** The least and the largest positive number of each dtype. */
const RANGE = {
  f32: [1.401298464324817e-45, 3.4028234663852886e38],
  f64: [Number.MIN_VALUE, Number.MAX_VALUE],
} as const;

/**
 * What an option is in a dtype: neither 0, where it is not, nor infinite. Rounded to either, huber's delta would make the loss
 * of an infinite difference NaN.
 */
function representable(dtype: Dtype, x: number): number {
  const [least, largest] = RANGE[dtype];
  return x === 0 ? x : Math.sign(x) * Math.min(Math.max(Math.abs(x), least), largest);
}

class Elementwise<O extends string> {
  readonly #door: Door;
  readonly #call: ElementwiseCall<O>;
  /** Names of the options that loss and gradient take. */
  readonly #known: readonly string[];
  readonly #knownWithGrad: readonly string[];
  /** One object for every call, so that a call leaves none behind; its arrays are let go after each. */
  readonly #args: ElementwiseArguments & Record<O, number>;
  #length = 0;
  #sum = 0;
  /** Blocks of 1024, combined in index order in float64. */
  readonly #add: TakePartials = (sums, blocks) => {
    for (let i = 0; i < blocks; i++) this.#sum += sums[i];
  };

  constructor(door: Door, call: ElementwiseCall<O>) {
    const options = Object.fromEntries(call.options.map((option) => [option.name, option.default]));
    const args: ElementwiseArguments = {
      predictions: NO_FLOATS,
      targets: NO_FLOATS,
      losses: null,
      grad: null,
      scale: 0,
    };
    this.#door = door;
    this.#call = call;
    this.#known = ["reduction", ...Object.keys(options)];
    this.#knownWithGrad = [...this.#known, "out"];
    this.#args = { ...args, ...(options as Record<O, number>) };
  }

  loss(name: string, p: unknown, t: unknown, options: object | undefined): number | FloatArray {
    const reduction = this.#readOptions(name, options, this.#known);
    const n = this.#open(name, p, t);
    if (reduction === "none") return this.#each();
    const sum = this.#sumOf(null, 0);
    return reduction === "sum" ? sum : sum / n;
  }

  withGrad(name: string, p: unknown, t: unknown, options: (object & Out) | undefined): WithGrad<number | FloatArray> {
    const reduction = this.#readOptions(name, options, this.#knownWithGrad);
    const out = options?.out;
    const n = this.#open(name, p, t);
    const grad = this.#gradientOf(name, out);
    const { slopeFactor } = this.#call;
    if (reduction === "none") {
      const losses = floatArray(dtypeOf(this.#args.predictions), n);
      this.#run(losses, grad, slopeFactor);
      return { loss: losses, grad: out ?? grad };
    }
    const sum = this.#sumOf(grad, reduction === "mean" ? slopeFactor / n : slopeFactor);
    return { loss: reduction === "mean" ? sum / n : sum, grad: out ?? grad };
  }

  mean(name: string, p: unknown, t: unknown, options: object | undefined): number {
    if (options !== undefined) checkOptions(name, options, []);
    const n = this.#open(name, p, t);
    return this.#sumOf(null, 0) / n;
  }

  /** The root of the mean and its gradient, d / (n root), 0 where the root is 0. */
  rootWithGrad(name: string, p: unknown, t: unknown, options: Out | undefined): WithGrad<number> {
    if (options !== undefined) checkOptions(name, options, ["out"]);
    const out = options?.out;
    const n = this.#open(name, p, t);
    const grad = this.#gradientOf(name, out);
    const { predictions, targets } = this.#args;
    const loss = Math.sqrt(this.#sumOf(null, 0) / n);
    this.#args.predictions = predictions;
    this.#args.targets = targets;
    this.#run(null, grad, loss === 0 ? 0 : 1 / (n * loss));
    return { loss, grad: out ?? grad };
  }

  /** Options are read before anything else is looked at: reading one may call another loss, or detach an array. */
  #readOptions(name: string, options: object | undefined, known: readonly string[]): Reduction {
    const given = options as Readonly<Record<string, unknown>> | undefined;
    if (options !== undefined) checkOptions(name, options, known);
    const reduction = reductionOf(name, given);
    const numbers: Record<string, number> = this.#args;
    for (const option of this.#call.options) {
      const value = (given ?? NO_OPTIONS)[option.name] ?? option.default;
      checkNumber(name, option, value);
      numbers[option.name] = value as number;
    }
    return reduction;
  }

  /** Checks the arrays and takes them; returns how many elements they have. */
  #open(name: string, predictions: unknown, targets: unknown): number {
    this.#door(name);
    const p = logitsOf(name, "predictions", predictions);
    const t = logitsOf(name, "targets", targets);
    checkSameDtype(name, "targets", t, "predictions", p);
    const { length } = p;
    if (length === 0) checkAttached(name, "predictions", p);
    checkLength(name, "targets", t.length, length, "predictions");
    if (length === 0) checkAttached(name, "targets", t);
    this.#args.predictions = p;
    this.#args.targets = t;
    this.#length = length;
    const numbers: Record<string, number> = this.#args;
    for (const option of this.#call.options) numbers[option.name] = representable(dtypeOf(p), numbers[option.name]);
    return length;
  }

  /** `out`, checked, or a new array. */
  #gradientOf(name: string, out: FloatArray | undefined): FloatArray {
    const { predictions, targets } = this.#args;
    if (out === undefined) return floatArray(dtypeOf(predictions), predictions.length);
    try {
      const own = outOf(name, out, predictions, "predictions");
      const [p, t] = [predictions, targets].map((array) => (array instanceof HalfBits ? array.bits : array));
      checkOverlap(name, own, "predictions", p, !(predictions instanceof HalfBits));
      checkOverlap(name, own, "targets", t, false);
      return own;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #each(): FloatArray {
    const losses = floatArray(dtypeOf(this.#args.predictions), this.#length);
    this.#run(losses, null, 0);
    return losses;
  }

  #sumOf(grad: FloatArray | null, scale: number): number {
    this.#sum = 0;
    this.#run(null, grad, scale, this.#add);
    return this.#sum;
  }

  #run(losses: FloatArray | null, grad: FloatArray | null, scale: number, reduce?: TakePartials): void {
    const args = this.#args;
    args.losses = losses;
    args.grad = grad;
    args.scale = scale;
    const n = this.#length;
    try {
      const units = Math.ceil(n / BLOCK_ELEMENTS);
      this.#door(this.#call.name).run(this.#call.kernel, dtypeOf(args.predictions), units, args, n, reduce);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    const args = this.#args;
    args.predictions = NO_FLOATS;
    args.targets = NO_FLOATS;
    args.losses = null;
    args.grad = null;
  }
}
