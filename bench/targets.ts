import { find, type Input, type Outcome, type Run } from "./results.ts";
import { ratioOf, type Spread } from "./statistics.ts";

/** A candidate: its name, and where its data is. */
type Who = readonly [name: string, input: Input];

/** What a time is to reach: so much of another's time, or so many microseconds. */
export interface Target {
  readonly says: string;
  readonly operations: readonly string[];
  readonly shapes: readonly string[];
  readonly these: Who;
  /** Absent for microseconds. */
  readonly over?: Who;
  readonly atMost: number;
  /** Printed where it is missed. */
  readonly reason?: string;
}

const resident: Who = ["wasm", "resident"];
const copied: Who = ["wasm", "copied"];
const tfjs: Who = ["tfjs-wasm", "resident"];

const wide = ["1000x1000", "32x50257", "64x128256"];
const ce = ["crossEntropy"];
const gradient = ["crossEntropyWithGrad"];

const call = "a call takes half a microsecond to check and place its arguments";
const operationsAnElement = "the exponential's error bound takes 21 operations, and a pass finds the maximum first";

/** Of float32 data, on one thread. */
export const targets: readonly Target[] = [
  { says: "µs, resident", operations: ["mse"], shapes: ["1e3"], these: resident, atMost: 0.25, reason: call },
  { says: "µs, from ordinary arrays", operations: ["mse"], shapes: ["1e3"], these: copied, atMost: 0.45, reason: call },
  { says: "copied / resident", operations: ["mse"], shapes: ["1e7"], these: copied, over: resident, atMost: 2 },
  {
    says: "resident / tfjs-wasm",
    operations: ["softmax"],
    shapes: wide,
    these: resident,
    over: tfjs,
    atMost: 0.8,
    reason: operationsAnElement,
  },
  {
    says: "resident / tfjs-wasm",
    operations: ce,
    shapes: wide,
    these: resident,
    over: tfjs,
    atMost: 0.6,
    reason: operationsAnElement,
  },
  {
    says: "resident / tfjs-wasm",
    operations: ce,
    shapes: ["100000x10"],
    these: resident,
    over: tfjs,
    atMost: 0.2,
    reason: operationsAnElement,
  },
  {
    says: "resident / tfjs-wasm",
    operations: gradient,
    shapes: [...wide, "100000x10"],
    these: resident,
    over: tfjs,
    atMost: 0.4,
    reason: operationsAnElement,
  },
  {
    says: "copied / resident",
    operations: ce,
    shapes: [...wide, "100000x10"],
    these: copied,
    over: resident,
    atMost: 1.25,
  },
  {
    says: "relaxed / strict",
    operations: ce,
    shapes: wide,
    these: ["wasm relaxed", "resident"],
    over: resident,
    atMost: 0.72,
    reason: "finding the maximum and summing have no product to fuse",
  },
  {
    says: "js / good loop",
    operations: ce,
    shapes: [...wide, "100000x10"],
    these: ["js", "ordinary"],
    over: ["good loop", "ordinary"],
    atMost: 1,
    reason: "float32 in JavaScript rounds each of 15 operations by itself",
  },
];

/** A target in one case, with what was measured. */
export interface Reached {
  readonly target: Target;
  readonly operation: string;
  readonly shape: string;
  /** Ratios or microseconds; absent where one of the two has no time, for the reason given. */
  readonly measured?: Spread & { readonly best: number };
  readonly unmeasured?: string;
}

/** What a run says of the targets that are about its cases. */
export function compareWithTargets(run: Run): Reached[] {
  return targets.flatMap((target) =>
    target.operations.flatMap((operation) =>
      target.shapes.flatMap((shape): Reached[] => {
        const result = run.cases.find(
          (each) => each.operation === operation && each.shape === shape && each.dtype === "float32",
        );
        if (!result) return [];
        const of = (who: Who) => find(result, ...who);
        const common = { target, operation, shape };
        const these = of(target.these);
        const over = target.over && of(target.over);
        const without = [[target.these, these] as const, ...(target.over ? [[target.over, over] as const] : [])].find(
          ([, outcome]) => !outcome?.timing,
        );
        if (without)
          return [{ ...common, unmeasured: `${without[0][0]} ${without[1]?.status ?? "does not run here"}` }];
        return [{ ...common, measured: measure(these!, over) }];
      }),
    ),
  );
}

function measure({ timing: these }: Outcome, over: Outcome | undefined) {
  if (over) {
    return { ...ratioOf(these!.rounds, over.timing!.rounds), best: these!.minimum / over.timing!.minimum };
  }
  const [first, third] = these!.quartiles;
  return {
    median: 1000 * these!.median,
    quartiles: [1000 * first, 1000 * third] as const,
    best: 1000 * these!.minimum,
  };
}
