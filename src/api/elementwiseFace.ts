import { NO_FLOATS, type Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkChoice,
  checkFlag,
  checkLength,
  checkNumber,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  logitsOf,
  outOf,
} from "../check.ts";
import type { ElementwiseArguments, ElementwiseCall, WeightedArguments } from "../descriptions/elementwiseLoss.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { type Dtype, dtypeOf, type FloatArray, floatArray, HalfBits } from "../dtype.ts";
import { checkSameShape } from "../tensorLike.ts";
import type { Door } from "./door.ts";
import { type Out, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import {
  elementOf,
  factorOf,
  refusal,
  type SampleWeight,
  sampleWeightOf,
  sumOfWeights,
  weightsOfMean,
  widened,
} from "./sampleWeight.ts";

const NO_VALUES: readonly unknown[] = [];

/** The least and the largest positive number of each dtype, and the least one with all digits. */
const RANGE = {
  f32: [1.401298464324817e-45, 3.4028234663852886e38, 1.1754943508222875e-38],
  f64: [Number.MIN_VALUE, Number.MAX_VALUE, 2.2250738585072014e-308],
} as const;

/** Roots of means of squares from here on have all digits: the squares that count have. */
const PRECISE = { f32: 2 ** -50, f64: 2 ** -485 } as const;

type Arrays = Pick<WeightedArguments, "predictions" | "targets" | "sampleWeight">;

/**
 * What an option is in a dtype: neither 0, where it is not, nor infinite. Rounded to either, huber's delta would make the loss
 * of an infinite difference NaN.
 */
function representable(dtype: Dtype, x: number): number {
  const [least, largest] = RANGE[dtype];
  return x === 0 ? x : Math.sign(x) * Math.min(Math.max(Math.abs(x), least), largest);
}

/** An element-wise loss on one backend: options, checks, arguments, and the reduction of its losses. */
export class ElementwiseFace<O extends string> {
  readonly #door: Door;
  readonly #call: ElementwiseCall<O>;
  /** Names of the options that loss and gradient take. */
  readonly #known: readonly string[];
  readonly #knownWithGrad: readonly string[];
  /** One object for every call, so that a call leaves none behind; its arrays are let go after each. */
  readonly #args: WeightedArguments & Record<O, number>;
  /** Which loss it is for the options given, and its kernel. */
  #own: ElementwiseCall<O> | ElementwiseCall;
  #kernel: Kernel<ElementwiseArguments>;
  #dtype: Dtype = "f32";
  #length = 0;
  #sum = 0;
  /** What a root is times. */
  #factor = 1;
  /** The first element that the kernel refused, and the prediction that stood there. */
  #refused = -1;
  #found = 0;
  /** Blocks of 1024, combined in index order in float64. */
  readonly #add: TakePartials = (sums, blocks) => {
    for (let i = 0; i < blocks; i++) this.#sum += sums[i];
  };
  /** The same of a loss that refuses some elements: their number stands behind the sum. */
  readonly #look: TakePartials = (sums, blocks, first) => {
    for (let i = 0; i < blocks; i++) {
      this.#sum += sums[2 * i];
      if (this.#refused >= 0 || sums[2 * i + 1] < 0) continue;
      this.#refused = first * BLOCK_ELEMENTS + sums[2 * i + 1];
      this.#found = sums[2 * i];
    }
  };

  constructor(door: Door, call: ElementwiseCall<O>) {
    const options = Object.fromEntries(call.options.map((option) => [option.name, option.default]));
    const args: WeightedArguments = {
      predictions: NO_FLOATS,
      targets: NO_FLOATS,
      sampleWeight: NO_FLOATS,
      losses: null,
      grad: null,
      scale: 0,
    };
    this.#door = door;
    this.#call = call;
    this.#own = call;
    this.#kernel = call.kernel;
    this.#known = ["reduction", "sampleWeight", ...(call.inputs ? ["input"] : []), ...Object.keys(options)];
    this.#knownWithGrad = [...this.#known, "out"];
    this.#args = { ...args, ...(options as Record<O, number>) };
  }

  loss(name: string, p: unknown, t: unknown, options: SampleWeight | undefined): number | FloatArray {
    // before the others are put down: reading them may call this loss
    const weights = options?.sampleWeight;
    const reduction = this.#readOptions(name, options, this.#known);
    let n = this.#open(name, p, t);
    if (weights !== undefined) n = this.#weigh(name, weights, reduction === "mean");
    if (reduction === "none") return this.#each(name);
    const sum = this.#sumOf(name, null, 0);
    return reduction === "sum" ? sum : sum / n;
  }

  withGrad(
    name: string,
    p: unknown,
    t: unknown,
    options: (SampleWeight & Out) | undefined,
  ): WithGrad<number | FloatArray> {
    // before the others are put down: reading them may call this loss
    const out = options?.out;
    const weights = options?.sampleWeight;
    const reduction = this.#readOptions(name, options, this.#knownWithGrad);
    let n = this.#open(name, p, t);
    const grad = this.#gradientOf(name, out);
    if (weights !== undefined) n = this.#weigh(name, weights, reduction === "mean", out);
    const { slopeFactor } = this.#call;
    if (reduction === "none") {
      const losses = this.#newArray();
      this.#run(name, losses, grad, slopeFactor, this.#own.domain && this.#look);
      return { loss: losses, grad: out ?? grad };
    }
    const sum = this.#sumOf(name, grad, reduction === "mean" ? slopeFactor / n : slopeFactor);
    return { loss: reduction === "mean" ? sum / n : sum, grad: out ?? grad };
  }

  /** The root of the mean. */
  root(name: string, p: unknown, t: unknown, options: SampleWeight | undefined): number {
    if (options !== undefined) checkOptions(name, options, ["sampleWeight"]);
    const weights = options?.sampleWeight;
    let n = this.#open(name, p, t);
    if (weights !== undefined) n = this.#weigh(name, weights, true);
    const root = this.#root(name, n);
    this.#release();
    return root / this.#factor;
  }

  /** The root of the mean and its gradient, d / (n root), 0 where the root is 0. */
  rootWithGrad(name: string, p: unknown, t: unknown, options: (SampleWeight & Out) | undefined): WithGrad<number> {
    if (options !== undefined) checkOptions(name, options, ["sampleWeight", "out"]);
    const out = options?.out;
    const weights = options?.sampleWeight;
    let n = this.#open(name, p, t);
    const grad = this.#gradientOf(name, out);
    if (weights !== undefined) n = this.#weigh(name, weights, true, out);
    const root = this.#root(name, n);
    this.#run(name, null, grad, root === 0 ? 0 : 1 / (n * root));
    return { loss: root / this.#factor, grad: out ?? grad };
  }

  /**
   * The root of the mean of squares, times #factor: 1, or of squares beyond the dtype a power of two that all differences are taken
   * times. The arguments stay, for the gradient.
   */
  #root(name: string, n: number): number {
    const kernel = this.#kernel;
    const { predictions, targets, sampleWeight } = this.#args;
    const arrays: Arrays = { predictions, targets, sampleWeight };
    const root = Math.sqrt(this.#sumOf(name, null, 0) / n);
    const scaled = root === Number.POSITIVE_INFINITY || root < PRECISE[this.#dtype];
    this.#factor = scaled ? this.#scaleDifferences(name, arrays) : 1;
    if (this.#factor !== 1) {
      Object.assign(this.#args, arrays);
      this.#kernel = kernel;
    }
    const found = this.#factor === 1 ? root : Math.sqrt(this.#sumOf(name, null, 0) / n);
    Object.assign(this.#args, arrays);
    this.#kernel = kernel;
    return found;
  }

  /** Puts differences times a power of two, and zeros, in the place of predictions and targets; returns that power. */
  #scaleDifferences(name: string, arrays: Arrays): number {
    const backend = this.#door(name);
    const [p, t] = [widened(backend, arrays.predictions), widened(backend, arrays.targets)];
    const weights = arrays.sampleWeight as FloatArray;
    // a difference as the dtype has it
    const one = floatArray(this.#dtype, 1);
    const differenceAt = (i: number): number => {
      if (weights.length > 0 && weights[i] === 0) return 0;
      one[0] = p[i] - t[i];
      return one[0];
    };
    let largest = 0;
    for (let i = 0; i < p.length; i++) largest = Math.max(largest, Math.abs(differenceAt(i)));
    const factor = factorOf(largest);
    if (factor === 1) return 1;
    arrays.predictions = floatArray(this.#dtype, p.length).map((_, i) => differenceAt(i) * factor);
    arrays.targets = floatArray(this.#dtype, p.length);
    return factor;
  }

  /** Options are read before anything else is looked at: reading one may call another loss, or detach an array. */
  #readOptions(name: string, options: object | undefined, known: readonly string[]): Reduction {
    const given = options as Readonly<Record<string, unknown>> | undefined;
    if (options !== undefined) checkOptions(name, options, known);
    const reduction = reductionOf(name, given);
    const { options: own, inputs } = this.#call;
    // all are read before any is put down
    const values = given === undefined || own.length === 0 ? NO_VALUES : own.map((option) => given[option.name]);
    const input = inputs && (given?.input ?? Object.keys(inputs)[0]);
    const numbers: Record<string, number> = this.#args;
    for (let i = 0; i < own.length; i++) {
      const option = own[i];
      const value = values[i] ?? (option.flag ? false : option.default);
      if (option.flag) checkFlag(name, option.name, value);
      else checkNumber(name, option, value);
      numbers[option.name] = Number(value);
    }
    if (inputs) {
      checkChoice(name, "input", input, Object.keys(inputs));
      this.#take(inputs[input] ?? this.#call);
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
    if (t !== targets) checkSameShape(name, "targets", targets, "predictions", predictions);
    if (length === 0) checkAttached(name, "targets", t);
    const dtype = dtypeOf(p);
    this.#args.predictions = p;
    this.#args.targets = t;
    this.#dtype = dtype;
    this.#length = length;
    const numbers: Record<string, number> = this.#args;
    for (const option of this.#call.options) numbers[option.name] = representable(dtype, numbers[option.name]);
    const { limit } = this.#call;
    if (limit && numbers[limit.option] < RANGE[dtype][2]) this.#take(limit.call);
    return length;
  }

  /** The loss that the options ask for. */
  #take(own: ElementwiseCall<O> | ElementwiseCall): void {
    this.#own = own;
    this.#kernel = own.kernel;
  }

  /** Takes the weights after they are checked; returns their sum. Those of a mean may be multiplied by a power of two. */
  #weigh(name: string, value: unknown, ofMean: boolean, out?: FloatArray): number {
    const { predictions } = this.#args;
    try {
      const weights = sampleWeightOf(name, value, predictions, "predictions");
      if (out !== undefined) checkOverlap(name, out, "sampleWeight", weights, false);
      const backend = this.#door(name);
      this.#kernel = this.#own.weighted;
      this.#args.sampleWeight = weights;
      if (!ofMean) return sumOfWeights(name, backend, weights);
      const [taken, sum] = weightsOfMean(name, backend, weights);
      this.#args.sampleWeight = taken;
      return sum;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** `out`, checked, or a new array. */
  #gradientOf(name: string, out: FloatArray | undefined): FloatArray {
    const { predictions, targets } = this.#args;
    if (out === undefined) return this.#newArray();
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

  /** As long as the predictions; what was taken is let go where there is no memory for it. */
  #newArray(): FloatArray {
    try {
      return floatArray(this.#dtype, this.#length);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #each(name: string): FloatArray {
    const losses = this.#newArray();
    this.#run(name, losses, null, 0, this.#own.domain && this.#look);
    return losses;
  }

  #sumOf(name: string, grad: FloatArray | null, scale: number): number {
    this.#sum = 0;
    this.#run(name, null, grad, scale, this.#own.domain ? this.#look : this.#add);
    return this.#sum;
  }

  #run(name: string, losses: FloatArray | null, grad: FloatArray | null, scale: number, reduce?: TakePartials): void {
    // what only a weighted kernel has a place for does not matter to the others
    const args: ElementwiseArguments = this.#args;
    args.losses = losses;
    args.grad = grad;
    args.scale = scale;
    const n = this.#length;
    try {
      const units = Math.ceil(n / BLOCK_ELEMENTS);
      const backend = this.#door(name);
      backend.run(this.#kernel, this.#dtype, units, args, n, reduce);
      if (this.#refused >= 0) {
        const target = elementOf(backend, args.targets, this.#refused);
        throw refusal(name, this.#own.domain!, this.#refused, this.#found, target);
      }
    } finally {
      this.#release();
    }
  }

  #release(): void {
    const args = this.#args;
    args.predictions = NO_FLOATS;
    args.targets = NO_FLOATS;
    args.sampleWeight = NO_FLOATS;
    args.losses = null;
    args.grad = null;
    this.#own = this.#call;
    this.#kernel = this.#call.kernel;
    this.#refused = -1;
  }
}
