import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { titleOf } from "../test/domains.ts";
import type { Dtype } from "../test/inputs.ts";
import { steps } from "./operations/optimizers.ts";
import { type CaseResult, find, type Input, type Outcome, type Run } from "./results.ts";
import { ratioOf, type Spread } from "./statistics.ts";

/** A candidate: its name, and where its data is. */
type Who = readonly [name: string, input: Input];

/** What a time is to reach: so much of another's time, or so many microseconds. */
export interface Target {
  readonly operation: string;
  readonly dtype: Dtype;
  readonly shapes: readonly string[];
  readonly says: string;
  readonly these: Who;
  /** Absent for microseconds. */
  readonly over: Who | undefined;
  readonly atMost: number;
  /** Printed where it is missed. */
  readonly reason: string | undefined;
}

const resident: Who = ["wasm", "resident"];
const copied: Who = ["wasm", "copied"];
const tfjs: Who = ["tfjs-wasm", "resident"];
const llvm: Who = ["LLVM wasm", "resident"];
const llvmMse: Who = ["LLVM wasm, mse", "resident"];
const bare: Who = ["LLVM wasm, bare", "resident"];

const wide = ["1000x1000", "32x50257", "64x128256"];
const short = ["100000x10"];
const rows = [...wide, ...short];

function ratio(
  operation: string,
  shapes: string[],
  atMost: number,
  says: string,
  these: Who,
  over: Who,
  reason?: string,
) {
  return { operation, dtype: "float32" as const, shapes, says, these, over, atMost, reason };
}

function microseconds(operation: string, shape: string, atMost: number, says: string, these: Who, reason?: string) {
  return { operation, dtype: "float32" as const, shapes: [shape], says, these, over: undefined, atMost, reason };
}

const call = "checking and placing the arguments takes 0.15 µs";
const rounds = "a round of sixteen losses is added in float32, where the C adds all of a block so";
const exponential = "the exponential's error bound takes 20 operations (a softmax's 22), and the maximum one more";
const digits =
  "the C's exponential takes 18 operations for 1e-6 of a loss, this one 20 for 2^-23, with sums kept in float64";
const shortRows = `${digits}, and a logarithm of float64 and an exact sum for each short row`;
const fusing = "clamping, summing and looking for the maximum have no product to fuse";
const rounding = "float32 in JavaScript rounds each of 15 operations by itself";
const doubles =
  "a float64 exponential takes 27 operations for two elements and two loads from a table, a float32 one 20 for four";
const copying = "33 MB are copied from memory at 16 GB/s, 4 MB from the cache at 24";
const statistics = "rank, entropy, Brier score and confidence of each row too, and exact sums of them";

/**
 * Of losses without an elementary function: ns an element at 1e5, and of the loss with gradient, where the C's mse took 0.107.
 * A loss that is not here has a target at 1e7 alone, where memory is the limit.
 */
const NANOSECONDS: Readonly<Record<string, readonly [loss: number, withGrad: number]>> = {
  mse: [0.11, 0.15],
  mae: [0.11, 0.25],
  huber: [0.25, 0.27],
  smoothL1: [0.26, 0.36],
  quantile: [0.17, 0.34],
  mape: [0.21, 0.46],
  smape: [0.27, 0.68],
  hinge: [0.13, 0.28],
  squaredHinge: [0.13, 0.28],
};

/** Of elementary functions, ns an element: what those take together that a loss and its gradient call. */
const EXP = 0.64;
const SOFTPLUS = 1.48;
const LN = 1.22;
const LOG1P = 1.34;
const SUMMED: Readonly<Record<string, number>> = {
  logCosh: 0.65 + SOFTPLUS - EXP,
  msle: 2 * LOG1P,
  binaryCrossEntropy: SOFTPLUS,
  "binaryCrossEntropy of probabilities": LN + LOG1P,
  focal: SOFTPLUS + 2 * EXP,
  softMargin: SOFTPLUS,
  poissonNll: EXP,
  "poissonNll of rate": LN,
  tweedie: 2 * EXP,
};
const OF_LLVM = 0.107;
/** As fast as the C's mse. */
const FASTEST = ["mse", "mae"];

function elementwise(name: string): Target[] {
  const says = "resident / LLVM wasm, mse";
  const over = name === "mse" ? llvm : llvmMse;
  if (FASTEST.includes(name)) {
    return [
      // 0.28 µs of the call where the C alone took 0.12
      ratio(name, ["1e3"], 2.33, says, resident, over, call),
      ratio(name, ["1e5", "1e7"], 1.15, says, resident, over, rounds),
      ...ofShares(name).slice(1),
    ];
  }
  if (name in SUMMED) return ofShares(name);
  return [...ofShares(name), ratio(name, ["1e7"], 1.25, "resident / wasm, mse", resident, ["wasm, mse", "resident"])];
}

/** The loss, and the loss with gradient, against the C's mse. */
function ofShares(name: string): Target[] {
  const functions = SUMMED[name];
  if (functions !== undefined) {
    const share = Number(((1.7 * functions) / OF_LLVM).toFixed(1));
    return [ratio(name, ["1e5"], share, "resident / LLVM wasm, mse", resident, llvmMse)];
  }
  return [name, `${name}WithGrad`].flatMap((operation, i) => {
    const nanoseconds = NANOSECONDS[name]?.[i];
    if (nanoseconds === undefined) return [];
    const share = Number(((1.1 * nanoseconds) / OF_LLVM).toFixed(2));
    return ratio(operation, ["1e5"], share, "resident / LLVM wasm, mse", resident, llvmMse);
  });
}

/** On one thread. */
export const targets: readonly Target[] = [
  microseconds("mse", "1e2", 0.15, "µs, resident", resident, call),
  microseconds("mse", "1e3", 0.45, "µs, from ordinary arrays", copied, call),
  microseconds("crossEntropy", "1x10", 1, "µs, from ordinary arrays", copied, call),
  ...ELEMENTWISE.flatMap((loss) => elementwise(titleOf(loss))),
  ratio("mse", ["1e7"], 2, "copied / resident", copied, resident),
  // 0.8 of the speed
  ...steps.map(({ name }) => ratio(name, ["1e7"], 1.25, "resident / LLVM wasm, bare", resident, bare)),
  ratio("softmax", wide, 0.8, "resident / tfjs-wasm", resident, tfjs, exponential),
  ratio("crossEntropy", wide, 0.6, "resident / tfjs-wasm", resident, tfjs, exponential),
  ratio("crossEntropy", short, 0.2, "resident / tfjs-wasm", resident, tfjs, exponential),
  ratio("crossEntropy", wide, 0.9, "resident / LLVM wasm", resident, llvm, digits),
  ratio("crossEntropy", short, 1, "resident / LLVM wasm", resident, llvm, shortRows),
  ratio("crossEntropyWithGrad", rows, 0.4, "resident / tfjs-wasm", resident, tfjs, exponential),
  ratio("crossEntropyWithGrad", wide, 0.95, "resident / LLVM wasm", resident, llvm, digits),
  ratio("crossEntropyWithGrad", short, 0.95, "resident / LLVM wasm", resident, llvm, shortRows),
  ratio("crossEntropyWithGrad", rows, 1, "resident / numpy", resident, ["numpy", "ordinary"]),
  ratio("crossEntropyWithGrad", rows, 1, "resident / PyTorch", resident, ["PyTorch", "ordinary"]),
  ratio("crossEntropy", rows, 1.25, "copied / resident", copied, resident, copying),
  ratio("crossEntropy", wide, 0.72, "relaxed / strict", ["wasm relaxed", "resident"], resident, fusing),
  ratio("crossEntropy", rows, 1, "JavaScript / good loop", ["js", "ordinary"], ["good loop", "ordinary"], rounding),
  {
    ...ratio("crossEntropy", rows, 2.5, "float64 / float32", resident, ["wasm, float32", "resident"], doubles),
    dtype: "float64",
  },
  ratio("evaluate", rows, 1.35, "evaluate / crossEntropy", resident, ["wasm, crossEntropy", "resident"], statistics),
  ratio("evaluate, float16", ["1000x1000"], 1.25, "float16 / float32", resident, ["wasm, float32", "resident"]),
];

/** A target in one case, with what was measured. */
export interface Reached {
  readonly target: Target;
  readonly shape: string;
  /** Ratios or microseconds; absent where one of the two has no time, for the reason given. */
  readonly measured?: Measured;
  readonly unmeasured?: string;
}

export interface Measured extends Spread {
  /** Of the minima. */
  readonly best: number;
}

export type Verdict = "reached" | "unsettled" | "missed";

/** Settled where the median and the quotient of the minima, which noise reaches last, agree. */
export function verdictOn({ median, best }: Measured, { atMost }: Target): Verdict {
  if (median <= atMost && best <= atMost) return "reached";
  return median <= atMost || best <= atMost ? "unsettled" : "missed";
}

/** What a run says of the targets that are about its cases. */
export function compareWithTargets(run: Run): Reached[] {
  return targets.flatMap((target) =>
    target.shapes.flatMap((shape): Reached[] => {
      const { operation, dtype } = target;
      const result = run.cases.find(
        (each) => each.operation === operation && each.shape === shape && each.dtype === dtype,
      );
      return result ? [{ target, shape, ...compare(result, target) }] : [];
    }),
  );
}

function compare(result: CaseResult, { these, over }: Target): { measured: Measured } | { unmeasured: string } {
  const unmeasured = ([name]: Who, outcome: Outcome | undefined) => ({
    unmeasured: `${name} ${outcome?.status ?? "does not run here"}`,
  });
  // where the run's engine has no relaxed SIMD: both in the newer one
  const first =
    find(result, ...these) ?? result.outcomes.find(({ name, input }) => name === these[0] && input === these[1]);
  if (!first?.timing) return unmeasured(these, first);
  if (over) {
    const second = find(result, ...over, first.engine);
    if (!second?.timing) return unmeasured(over, second);
    const best = first.timing.minimum / second.timing.minimum;
    return { measured: { ...ratioOf(first.timing.rounds, second.timing.rounds), best } };
  }
  const { median, quartiles, minimum } = first.timing;
  return {
    measured: {
      median: 1000 * median,
      quartiles: [1000 * quartiles[0], 1000 * quartiles[1]],
      best: 1000 * minimum,
    },
  };
}
