import { type Backend, NO_FLOATS, type Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkChoice,
  checkLength,
  checkNumber,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  logitsOf,
  sampleWeightOf,
} from "../check.ts";
import {
  FORWARD,
  JENSEN_SHANNON,
  LOG_PROBABILITIES,
  LOGITS,
  PROBABILITIES,
  REVERSE,
} from "../descriptions/thresholds.ts";
import { type Dtype, dtypeOf, type FloatArray, HalfBits } from "../dtype.ts";
import { type DivergenceArguments, divergence } from "../generated/kernels.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import { checkSameShape, classAxisOf, rowOptionsOf } from "../tensorLike.ts";
import type { Divergence, JensenShannon, KlDivergence } from "./divergenceOptions.ts";
import type { Door } from "./door.ts";
import { runPositions } from "./innerPositions.ts";
import { type Out, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import { checkPositions, checkTemperature, rowsOut } from "./rowOptions.ts";
import { scaledWeights } from "./sampleWeight.ts";

type Name = "klDivergence" | "jensenShannon";
type Options = Divergence & KlDivergence & JensenShannon & Out;

const COMMON = ["classes", "input", "targetInput", "temperature", "sampleWeight", "reduction", "inner"];
const KNOWN = { klDivergence: [...COMMON, "direction"], jensenShannon: [...COMMON, "beta"] };
const KNOWN_WITH_OUT = { klDivergence: [...KNOWN.klDivergence, "out"], jensenShannon: [...KNOWN.jensenShannon, "out"] };
const KINDS = { logits: LOGITS, probabilities: PROBABILITIES, logProbabilities: LOG_PROBABILITIES } as const;
const INPUTS = ["logits", "probabilities", "logProbabilities"] as const;
const DIRECTIONS = ["forward", "reverse"] as const;
const BETA = { name: "beta", above: 0, below: 1 };

const bitsOf = (array: FloatArray | HalfBits) => (array instanceof HalfBits ? array.bits : array);

/** Weights with a larger sum are scaled down for a mean: they, or losses times them, might overflow. */
const LARGE = 2 ** 500;

function sumOf(backend: Backend, weights: FloatArray): number {
  const sum = backend.exactSum();
  for (const weight of weights) sum.add(weight);
  return sum.value();
}

/** Divergences on one backend: checks, arguments, and the reduction of row losses. */
export class DivergenceFace {
  readonly #door: Door;
  /** One object for every call, so that a call leaves none behind; its arrays are let go after each. */
  readonly #args: DivergenceArguments = {
    predictions: NO_FLOATS,
    targets: NO_FLOATS,
    sampleWeight: null,
    grad: null,
    losses: undefined,
    classes: 0,
    input: 0,
    targetInput: 0,
    measure: 0,
    beta: 0,
    temperature: 1,
    denominator: 1,
  };
  #sum = new ExactSum();
  #backend: Backend | undefined;
  readonly #add: TakePartials = (values, n) => this.#backend?.addExactly(this.#sum, values, n);
  #rows = 0;
  #inner = 1;
  #dtype: Dtype = "f32";
  #reduction: Reduction = "mean";

  constructor(door: Door) {
    this.#door = door;
  }

  loss(name: Name, predictions: unknown, targets: unknown, options: Options): number | Float64Array {
    try {
      this.#open(name, name, predictions, targets, options);
      return this.#reduce();
    } finally {
      this.#release();
    }
  }

  withGrad(name: Name, predictions: unknown, targets: unknown, options: Options): WithGrad<number | Float64Array> {
    const called = `${name}WithGrad`;
    // before the arguments are put down: reading it may call another loss
    const out = options?.out;
    try {
      this.#open(name, called, predictions, targets, options);
      const args = this.#args;
      const grad = rowsOut(called, "predictions", args.predictions, out);
      checkOverlap(called, grad, "targets", bitsOf(args.targets), false);
      if (args.sampleWeight) checkOverlap(called, grad, "sampleWeight", args.sampleWeight as FloatArray, false);
      args.grad = grad;
      return { loss: this.#reduce(), grad: out ?? grad };
    } finally {
      this.#release();
    }
  }

  /** Everything that can be wrong is found here, before anything is written. `called` is the public function's name. */
  #open(name: Name, called: string, givenPredictions: unknown, givenTargets: unknown, given: Options): void {
    const backend = this.#door(called);
    const options = rowOptionsOf(given, givenPredictions);
    checkOptions(called, options, called === name ? KNOWN[name] : KNOWN_WITH_OUT[name]);
    let { classes, inner = 1 } = options;
    const { input = "logits", targetInput = "probabilities", temperature = 1 } = options;
    const { sampleWeight = null, direction = "forward", beta = 0.5 } = options;
    const reduction = reductionOf(called, options);
    checkChoice(called, "input", input, INPUTS);
    checkChoice(called, "targetInput", targetInput, INPUTS);
    checkChoice(called, "direction", direction, DIRECTIONS);
    checkTemperature(called, temperature);
    checkNumber(called, BETA, beta);
    if (temperature !== 1 && input !== "logits" && targetInput !== "logits") {
      throw new TypeError(`${called}: temperature is ${temperature}, but neither predictions nor targets are logits`);
    }
    const predictions = logitsOf(called, "predictions", givenPredictions);
    const targets = logitsOf(called, "targets", givenTargets);
    checkSameDtype(called, "targets", targets, "predictions", predictions);
    if (predictions !== givenPredictions) {
      ({ classes, inner } = classAxisOf(called, "predictions", givenPredictions, classes, inner));
    }
    if (targets !== givenTargets) checkSameShape(called, "targets", givenTargets, "predictions", givenPredictions);
    const rows = checkPositions(called, "predictions", predictions, classes, inner);
    checkLength(called, "targets", targets.length, predictions.length, "predictions");
    if (rows === 0) checkAttached(called, "targets", targets);

    const args = this.#args;
    args.sampleWeight =
      sampleWeight === null ? null : sampleWeightOf(called, sampleWeight, rows, predictions, "predictions");
    args.predictions = predictions;
    args.targets = targets;
    args.classes = classes;
    args.input = KINDS[input];
    args.targetInput = KINDS[targetInput];
    args.measure = name === "jensenShannon" ? JENSEN_SHANNON : direction === "forward" ? FORWARD : REVERSE;
    args.beta = beta;
    args.temperature = temperature;
    args.denominator = reduction === "mean" ? this.#totalWeight(backend, rows) : 1;
    this.#backend = backend;
    this.#rows = rows;
    this.#inner = inner;
    this.#dtype = dtypeOf(predictions);
    this.#reduction = reduction;
  }

  /** Σ sampleWeight, exactly. */
  #totalWeight(backend: Backend, rows: number): number {
    const weights = this.#args.sampleWeight;
    if (weights === null) return rows;
    const sum = sumOf(backend, weights as FloatArray);
    if (!(sum > LARGE)) return sum;
    // a mean does not depend on a power of two that all weights are times
    const scaled = scaledWeights(weights as FloatArray);
    this.#args.sampleWeight = scaled;
    return sumOf(backend, scaled);
  }

  /** Runs the kernel and reduces its losses, one a row: their exact sum, over the denominator for the mean. */
  #reduce(): number | Float64Array {
    const args = this.#args;
    if (this.#reduction === "none") {
      const losses = new Float64Array(this.#rows);
      args.losses = losses;
      this.#run();
      return losses;
    }
    this.#sum = this.#backend!.exactSum();
    this.#run(this.#add);
    return this.#sum.value() / args.denominator;
  }

  #run(reduce?: TakePartials): void {
    const backend = this.#backend!;
    if (this.#inner === 1) backend.run(divergence, this.#dtype, this.#rows, this.#args, 0, reduce);
    else runPositions(backend, divergence, this.#dtype, this.#rows, this.#inner, this.#args, reduce);
  }

  #release(): void {
    const args = this.#args;
    args.predictions = NO_FLOATS;
    args.targets = NO_FLOATS;
    args.sampleWeight = null;
    args.grad = null;
    args.losses = undefined;
    this.#backend = undefined;
  }
}
