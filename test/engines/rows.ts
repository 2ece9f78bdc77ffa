import { bfloat16, float16, type HalfArray } from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { facesOf } from "../faces.ts";
import { dtypes, type FloatArray, integer, labelsOf, logitsOf, type Random, zeros } from "../inputs.ts";
import { type Case, cases, typedLabels } from "./cases.ts";
import { type Entry, pick, REDUCTIONS, SOME } from "./entry.ts";
import { Places } from "./places.ts";

/** softmax and logSoftmax. */
function rowwise(name: "softmax" | "logSoftmax"): Entry {
  return {
    name,
    functions: [name],
    run(losses, digest, random) {
      const places = new Places(losses, random);
      for (const it of cases(random)) {
        for (let i = it.kind === "large" ? 1 : 0; i < 2; i++) {
          const logits = places.input(it.input("logits"));
          digest.add(losses[name](logits, { classes: it.classes, out: places.out(logits, it.dtype) }));
          places.clear();
        }
      }
    },
  };
}

/** What crossEntropy's options are made of. */
const COMBINATIONS = (["logits", "probabilities", "logProbabilities"] as const).flatMap((input) =>
  [0, 0.1, 1].flatMap((labelSmoothing) =>
    [false, true].flatMap((weighted) => [false, true].map((soft) => ({ input, labelSmoothing, weighted, soft }))),
  ),
);
/** Of large cases; of the largest ones the first. */
const FEW_COMBINATIONS: typeof COMBINATIONS = [
  { input: "logits", labelSmoothing: 0, weighted: true, soft: false },
  { input: "logits", labelSmoothing: 0.1, weighted: false, soft: true },
  { input: "logProbabilities", labelSmoothing: 0, weighted: true, soft: true },
  { input: "logits", labelSmoothing: 0.1, weighted: false, soft: false },
  { input: "logits", labelSmoothing: 0, weighted: false, soft: true },
  { input: "probabilities", labelSmoothing: 0.1, weighted: false, soft: false },
];

/** The combinations that are tried: all where that takes no time. */
function combinationsOf({ kind, rows, classes }: Case, random: Random): typeof COMBINATIONS {
  const elements = rows * classes;
  if (kind === "large") return FEW_COMBINATIONS.slice(0, elements > 2 ** 17 ? 2 : 6);
  const all = kind === "switching" ? COMBINATIONS.filter(({ input }) => input === "logits") : COMBINATIONS;
  return elements > SOME ? all.filter(() => random() < 0.25) : all;
}

const EXTREME = [1e308, -1e308, 1e300, -1e300, 1e-300, -5e-324, 1e-3, -1];

/** Arrays in their places, and options: what crossEntropy is called with. */
function* crossEntropyCalls(losses: Losses, random: Random) {
  const places = new Places(losses, random);
  for (const it of cases(random)) {
    const { classes, dtype } = it;
    for (const { input, labelSmoothing, weighted, soft } of combinationsOf(it, random)) {
      const x = places.input(it.input(input));
      const weight = weighted ? places.copy(it.weight()) : undefined;
      const options = { classes, input, labelSmoothing, weight };
      const targets = places.copy<FloatArray | Int32Array>(soft ? it.targets() : it.labels);
      yield { x, targets, options, out: places.out(x, dtype) };
      places.clear();
    }
  }
  // sums of few and of many losses that are huge, tiny and of both signs
  for (const rows of [3, 8, 500]) {
    const x = Float64Array.from({ length: 2 * rows }, () => pick(random, EXTREME));
    const options = { classes: 2, input: "logProbabilities" } as const;
    yield { x, targets: labelsOf(random, rows, 2), options, out: undefined };
  }
  for (const dtype of dtypes) {
    for (const rows of [40, 200]) {
      const logits = logitsOf(random, dtype, rows, 10);
      for (const { labels, ignoreIndex } of typedLabels(labelsOf(random, rows, 10, -100))) {
        const options = { classes: 10, ignoreIndex };
        const x = places.copy(logits);
        yield { x, targets: places.copy(labels), options, out: places.out(x, dtype) };
        places.clear();
      }
    }
  }
}

/** Positions behind the class axis that rows may stand for. */
const innerOf = (random: Random, rows: number) => [5, 3, 2, 1].find((n) => rows % n === 0 && random() < 0.7) ?? 1;

/** A few probabilities a row. */
function sparseOf(random: Random, { rows, classes, dtype }: Case) {
  const k = classes === 1 ? 1 : 1 + integer(random, 3);
  const probabilities = zeros(dtype, rows * k).map((_, i) => (classes === 1 ? 1 : (1 + (i % 5)) / 8)) as FloatArray;
  return { indices: labelsOf(random, rows * k, classes), probabilities };
}

/** crossEntropy with the options of logits, weights of rows, and positions behind the classes. */
function* optionedCalls(losses: Losses, random: Random) {
  const places = new Places(losses, random);
  for (const it of cases(random)) {
    const { classes, dtype, rows, kind } = it;
    if (kind === "large" && rows * classes > 2 ** 17 && random() < 0.5) continue;
    for (const targetKind of ["labels", "probabilities", "sparse"] as const) {
      if (rows * classes > SOME && random() < 0.6) continue;
      const isSparse = targetKind === "sparse";
      const isLabel = targetKind === "labels";
      const x = places.input(it.input("logits"));
      const sampleWeight = random() < 0.5 ? places.copy(it.sampleWeight()) : undefined;
      const isPlain = !isSparse && random() < 0.2;
      const options = {
        classes,
        inner: isSparse ? 1 : innerOf(random, rows),
        weight: random() < 0.3 ? places.copy(it.weight()) : undefined,
        sampleWeight,
        labelSmoothing: pick(random, [0, 0.1]),
        temperature: isPlain ? 1 : pick(random, [0.7, 1, 2]),
        softCap: isPlain ? undefined : pick(random, [undefined, 5, 30]),
        zLoss: isPlain ? 0 : pick(random, [0, 1e-4, 0.3]),
        gamma: isPlain || !isLabel ? 0 : pick(random, [0, 0.5, 2]),
        reduction: pick(random, REDUCTIONS),
      };
      const targets = isSparse
        ? sparseOf(random, it)
        : places.copy<FloatArray | Int32Array>(isLabel ? it.labels : it.targets());
      yield { x, targets, options, out: places.out(x, dtype) };
      places.clear();
    }
  }
}

const INPUTS = ["logits", "probabilities", "logProbabilities"] as const;

/** A divergence, with `own` options, by its loss and its gradient; every input on either side. */
function divergence(name: "klDivergence" | "jensenShannon", own: readonly object[]): Entry {
  return {
    name,
    functions: [name, `${name}WithGrad`],
    run(losses, digest, random) {
      const places = new Places(losses, random);
      for (const it of cases(random)) {
        if (it.kind === "large" && it.rows * it.classes > 2 ** 17) continue;
        const input = pick(random, INPUTS);
        const targetInput = pick(random, INPUTS);
        const x = places.input(it.input(input));
        const targets = places.copy(targetInput === "logits" ? it.targets().map((p) => 30 * p - 5) : it.targets());
        const { classes, dtype } = it;
        const temperature = input === "logits" && random() < 0.5 ? 1.5 : 1;
        const sampleWeight = random() < 0.3 ? it.sampleWeight() : undefined;
        const reduction = pick(random, REDUCTIONS);
        const inner = random() < 0.3 ? innerOf(random, it.rows) : 1;
        const options = {
          classes,
          input,
          targetInput,
          temperature,
          sampleWeight,
          reduction,
          inner,
          ...pick(random, own),
        };
        const faces = facesOf(losses, name);
        digest.add(faces.loss(x, targets, options));
        const { loss, grad } = faces.withGrad(x, targets, { ...options, out: places.out(x, dtype) });
        digest.add(loss);
        digest.add(grad);
        places.clear();
      }
    },
  };
}

/** Every number of a format. */
function halfPrecision(name: "float16" | "bfloat16", wrap: (bits: Uint16Array) => HalfArray): Entry {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  return {
    name,
    functions: [name],
    run(losses, digest) {
      for (const classes of [1, 2, 256]) digest.add(losses.logSumExp(wrap(bits), { classes }));
    },
  };
}

/** Functions of rows. */
export const ROWS: readonly Entry[] = [
  rowwise("softmax"),
  rowwise("logSoftmax"),
  {
    name: "logSumExp",
    functions: ["logSumExp"],
    run(losses, digest, random) {
      const places = new Places(losses, random);
      for (const it of cases(random)) {
        for (let i = it.kind === "large" ? 1 : 0; i < 2; i++) {
          digest.add(losses.logSumExp(places.input(it.input("logits")), { classes: it.classes }));
        }
        places.clear();
      }
    },
  },
  {
    name: "crossEntropy",
    functions: ["crossEntropy"],
    run(losses, digest, random) {
      for (const { x, targets, options } of crossEntropyCalls(losses, random)) {
        digest.add(losses.crossEntropy(x, targets, { ...options, reduction: pick(random, REDUCTIONS) }));
      }
    },
  },
  {
    name: "crossEntropyWithGrad",
    functions: ["crossEntropyWithGrad"],
    run(losses, digest, random) {
      for (const { x, targets, options, out } of crossEntropyCalls(losses, random)) {
        const reduction = pick(random, REDUCTIONS);
        const { loss, grad } = losses.crossEntropyWithGrad(x, targets, { ...options, reduction, out });
        digest.add(loss);
        digest.add(grad);
      }
    },
  },
  {
    name: "crossEntropy's options",
    functions: ["crossEntropy", "crossEntropyWithGrad"],
    run(losses, digest, random) {
      for (const { x, targets, options, out } of optionedCalls(losses, random)) {
        digest.add(losses.crossEntropy(x, targets, options));
        const { loss, grad } = losses.crossEntropyWithGrad(x, targets, { ...options, out });
        digest.add(loss);
        digest.add(grad);
      }
    },
  },
  divergence("klDivergence", [{ direction: "forward" }, { direction: "reverse" }]),
  divergence("jensenShannon", [{}, { beta: 0.25 }]),
  halfPrecision("float16", float16),
  halfPrecision("bfloat16", bfloat16),
];
