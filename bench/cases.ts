import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { KERNELS } from "../src/descriptions/list.ts";
import { titleOf } from "../test/domains.ts";
import { type Dtype, dtypes } from "../test/inputs.ts";
import { operations } from "./operations/index.ts";
import type { Operation, Shape } from "./operations/operation.ts";
import { steps } from "./operations/optimizers.ts";

/** One operation on one dtype and size: what is compared in turn. */
export interface Case {
  readonly id: string;
  readonly operation: Operation;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Whether others know it. */
  readonly peers: boolean;
}

const elements = [1e2, 1e3, 1e5, 1e7].map((n) => ({ name: n.toExponential().replace("+", ""), rows: n, classes: 1 }));
const rows = [
  [1, 10],
  [1000, 1000],
  [32, 50257],
  [64, 128256],
  [100000, 10],
].map(([rows, classes]) => ({ name: `${rows}x${classes}`, rows, classes }));

const shapes = { elements, rows };

/** Run beside the peers, which know float32 alone. */
const peerSizes: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ELEMENTWISE.flatMap((loss) => [
      [titleOf(loss), ["1e3", "1e5", "1e7"]],
      [`${loss.name}WithGrad${titleOf(loss).slice(loss.name.length)}`, ["1e5", "1e7"]],
    ]),
  ),
  ...Object.fromEntries(steps.map(({ name }) => [name, ["1e7"]])),
  softmax: ["1000x1000", "32x50257", "100000x10"],
  crossEntropy: ["1000x1000", "32x50257", "64x128256", "100000x10"],
  crossEntropyWithGrad: ["1000x1000", "32x50257", "64x128256", "100000x10"],
};

/** Every case there is. */
export const cases: readonly Case[] = operations.flatMap((operation) =>
  shapes[operation.family].flatMap((shape) =>
    (operation.dtypes ?? dtypes).map((dtype) => ({
      id: `${operation.name} ${shape.name} ${dtype}`,
      operation,
      dtype,
      shape,
      peers: dtype === "float32" && (peerSizes[operation.name]?.includes(shape.name) ?? false),
    })),
  ),
);

/** Kernels that work for others, and are timed with them. */
const HELPERS = ["checkLabels", "labelWeights", "addExactly", "extractSums"];

/** Names of the kernels that are in no case. */
export function untimedKernels(): string[] {
  const timed = new Set([...HELPERS, ...operations.flatMap(({ kernels }) => kernels)]);
  return KERNELS.map(({ name }) => name).filter((name) => !timed.has(name));
}

/** What else there are targets for: this package's against itself, or in microseconds. */
const ownTargets: readonly string[] = [
  "mse 1e2 float32",
  "crossEntropy 1x10 float32",
  "crossEntropy 1000x1000 float64",
  "crossEntropy 32x50257 float64",
  "crossEntropy 100000x10 float64",
  "evaluate 1000x1000 float32",
  "evaluate 32x50257 float32",
  "evaluate 100000x10 float32",
  "evaluate, float16 1000x1000 float32",
];

/** Run by default: every operation at one size in float32, the main ones also in float64, and where something else limits. */
const everyOperation = ["1e5", "1000x1000"];
const mainOperations = ["mse", "mseWithGrad", "softmax", "crossEntropy", "crossEntropyWithGrad", "evaluate"];
const mainSizes = ["1e2", "1e3", "1e7", "1x10", "32x50257", "100000x10"];

function isDefault({ operation, dtype, shape }: Case): boolean {
  const main = mainOperations.includes(operation.name);
  if (everyOperation.includes(shape.name)) return main || dtype === "float32";
  return main && dtype === "float32" && mainSizes.includes(shape.name);
}

/** Too much to prepare for a quick look. */
const slow = ["1e7", "64x128256"];

/** The cases of a run: a filter reaches all of them (beside the peers: those that the peers have or that have targets). */
export function selectCases(options: {
  peers: boolean;
  full: boolean;
  quick: boolean;
  filter: RegExp | undefined;
}): readonly Case[] {
  const { peers, full, quick, filter } = options;
  const all = cases.filter(({ shape }) => !quick || !slow.includes(shape.name));
  const pool = peers
    ? all.filter((each) => each.peers || ownTargets.includes(each.id))
    : full || filter
      ? all
      : all.filter(isDefault);
  return filter ? pool.filter(({ id }) => filter.test(id)) : pool;
}
