import * as parts from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { integer, labelsOf, logitsOf, type Random } from "../inputs.ts";
import { cases, replaceIgnored, rowsOf, typedLabels } from "./cases.ts";
import { ALL, type Entry, FEW, MANY, pick, SOME } from "./entry.ts";
import { inputPairs } from "./pairs.ts";
import { Places } from "./places.ts";

const EVALUATIONS: readonly Omit<parts.EvaluatorOptions, "classes" | "weight">[] = [
  { topK: [50_000, 1, 2, 10], bins: 40, perClass: true },
  {},
  { topK: [], bins: 1, ignoreIndex: -1 },
  { topK: [3], bins: 7, ignoreIndex: 0, perClass: true },
  { topK: [1], input: "probabilities", confusion: true, percentiles: true },
  { input: "logProbabilities", perClass: true, percentiles: [0.1, 50, 99] },
];

/** Gives batches in their places and options, for each case of at most so many elements; for most cases options are drawn. */
function* evaluations(losses: Losses, random: Random, elements: number, batches = 1) {
  const places = new Places(losses, random);
  for (const it of cases(random, elements)) {
    const { classes, rows } = it;
    const all = it.kind === "large" ? EVALUATIONS.slice(0, 1) : EVALUATIONS;
    for (const option of elements === ALL && rows * classes <= SOME ? all : [pick(random, all)]) {
      const logits = it.input(option.input ?? "logits");
      const weight = it.kind !== "large" && random() < 0.5 ? it.weight() : undefined;
      const labels = replaceIgnored(it.labels, option.ignoreIndex ?? -100);
      const cuts = Array.from({ length: batches - 1 }, () => integer(random, rows + 1)).sort((a, b) => a - b);
      yield {
        options: { ...option, classes, weight },
        batches: [...cuts, rows].map((end, i) => {
          const begin = i === 0 ? 0 : cuts[i - 1];
          return {
            logits: places.input(rowsOf(logits, classes, begin, end)),
            labels: places.copy(labels.subarray(begin, end)),
          };
        }),
      };
      places.clear();
    }
  }
}

/** Two evaluators that were given batches in turn. */
function* evaluators(
  losses: Losses,
  random: Random,
  elements: number,
  beside: (rows: number) => parts.AddOptions = () => ({}),
) {
  for (const { options, batches } of evaluations(losses, random, elements, 4)) {
    const both = [losses.evaluator(options), losses.evaluator(options)] as const;
    batches.forEach(({ logits, labels }, i) => {
      both[i % 2].add(logits, labels, beside(labels.length));
    });
    yield both;
  }
}

/** What of an evaluation is compared; standardError has an entry of its own. A figure that an older state lacks is left out here. */
const figuresOf = ({ loss: { standardError, ...loss }, ...rest }: parts.Evaluation) => ({ loss, ...rest });

type Batches = Parameters<Losses["evaluateStream"]>[0];

async function* oneByOne(batches: parts.Batch[]): AsyncGenerator<parts.Batch> {
  yield* batches;
}

/** What a ReadableStream of the batches has where it is no iterable. */
function streamOf(batches: parts.Batch[]): Batches {
  const read = async () => ({ done: batches.length === 0, value: batches.shift() });
  return { getReader: () => ({ read, cancel: async () => {}, releaseLock: () => {} }) };
}

/** Evaluators of regressions of the same errors, by halves. */
function* regressions(losses: Losses, random: Random, elements: number, create: () => parts.RegressionEvaluator) {
  const places = new Places(losses, random);
  for (const [predictions, targets, n] of inputPairs(random, elements)) {
    const half = integer(random, n + 1);
    const [first, both] = [create(), create()];
    first.add(places.input(rowsOf(predictions, 1, 0, half)), places.input(rowsOf(targets, 1, 0, half)));
    both.add(places.input(predictions), places.input(targets));
    first.add(places.input(rowsOf(predictions, 1, half, n)), places.input(rowsOf(targets, 1, half, n)));
    yield [first, both] as const;
    places.clear();
  }
}

/** Evaluators and what is made of their states. */
export const EVALUATION: readonly Entry[] = [
  {
    name: "evaluate",
    functions: ["evaluate"],
    run(losses, digest, random) {
      for (const { options, batches } of evaluations(losses, random, ALL)) {
        digest.add(figuresOf(losses.evaluate(batches[0].logits, batches[0].labels, options)));
      }
      for (const rows of [40, 200]) {
        const logits = logitsOf(random, "float32", rows, 10);
        for (const { labels, ignoreIndex } of typedLabels(labelsOf(random, rows, 10, -100))) {
          digest.add(figuresOf(losses.evaluate(logits, labels, { classes: 10, ignoreIndex, perClass: true })));
        }
      }
    },
  },
  {
    name: "evaluate, standard errors",
    functions: ["evaluate"],
    run(losses, digest, random) {
      for (const { options, batches } of evaluations(losses, random, FEW)) {
        digest.add(losses.evaluate(batches[0].logits, batches[0].labels, options).loss.standardError);
      }
    },
  },
  {
    name: "evaluator",
    functions: ["evaluator"],
    run(losses, digest, random) {
      for (const both of evaluators(losses, random, SOME)) {
        for (const evaluator of both) digest.add(figuresOf(evaluator.result()));
      }
    },
  },
  {
    name: "evaluator, states",
    functions: ["evaluator"],
    run(losses, digest, random) {
      for (const both of evaluators(losses, random, MANY)) {
        for (const evaluator of both) digest.add(evaluator.state());
      }
      // more rows than are added before sums are emptied; most are ignored, which takes less time
      const labels = new Int32Array(105_001).map((_, i) => (i % 9 === 0 ? 1 : -100));
      const logits = new Float32Array(2 * labels.length).map((_, i) => i % 7);
      const evaluator = losses.evaluator({ classes: 2, perClass: true, weight: Float32Array.of(1, 0.3) });
      for (let i = 0; i < 5; i++) evaluator.add(logits, labels);
      digest.add(evaluator.state());
    },
  },
  {
    name: "evaluator, groups, bytes and words",
    functions: ["evaluator"],
    run(losses, digest, random) {
      for (const both of evaluators(losses, random, FEW, (rows) => ({
        groups: Int32Array.from({ length: rows }, () => integer(random, 9) - 4),
        bytes: integer(random, 1000),
        words: rows,
      }))) {
        for (const evaluator of both) {
          digest.add(evaluator.state());
          digest.add(figuresOf(evaluator.result()));
        }
      }
    },
  },
  {
    name: "evaluator, ranking, temperature and worst rows",
    functions: ["evaluator"],
    run(losses, digest, random) {
      for (const rows of [1, 40, 300]) {
        for (const dtype of ["float32", "float64"] as const) {
          const evaluator = losses.evaluator({ classes: 2, ranking: true, fitTemperature: true, worst: 7 });
          evaluator.add(logitsOf(random, dtype, rows, 2), labelsOf(random, rows, 2, -100));
          digest.add(evaluator.state());
        }
      }
    },
  },
  {
    name: "comparison",
    functions: ["comparison", "comparisonOf"],
    run(losses, digest, random) {
      for (const classes of [2, 10, 64, 65, 1000]) {
        for (const dtype of ["float32", "float64"] as const) {
          const base = logitsOf(random, dtype, 20, classes);
          const other = logitsOf(random, dtype, 20, classes);
          const comparison = losses.comparison({ classes, worst: 3 });
          comparison.add(base, other, labelsOf(random, 20, classes, -100));
          comparison.add(base, base, labelsOf(random, 20, classes, -100));
          digest.add(comparison.state());
          digest.add(parts.comparisonOf(comparison.state()).divergence.mean.value);
        }
      }
    },
  },
  {
    name: "binaryEvaluator",
    functions: ["binaryEvaluator", "binaryOf"],
    run(losses, digest, random) {
      const evaluator = losses.binaryEvaluator();
      const x = logitsOf(random, "float32", 500, 1);
      evaluator.add(x, labelsOf(random, 500, 2));
      digest.add(evaluator.state());
      digest.add(parts.binaryOf(evaluator.state()).loss.mean);
    },
  },
  {
    name: "evaluateStream",
    functions: ["evaluateStream"],
    async run(losses, digest, random) {
      for (const { options, batches } of evaluations(losses, random, FEW, 3)) {
        const source = pick(random, [batches, oneByOne(batches), streamOf([...batches])]);
        digest.add(figuresOf(await losses.evaluateStream(source, options)));
      }
    },
  },
  {
    name: "mergeStates",
    functions: ["mergeStates"],
    run(losses, digest, random) {
      for (const [a, b] of evaluators(losses, random, FEW)) digest.add(parts.mergeStates(a.state(), b.state()));
    },
  },
  {
    name: "mergeStates, regressions",
    functions: ["mergeStates"],
    run(losses, digest, random) {
      for (const [a, b] of regressions(losses, random, FEW, () => losses.regressionEvaluator())) {
        digest.add(parts.mergeStates(a.state(), b.state(), a.state()));
      }
    },
  },
  {
    name: "evaluationOf",
    functions: ["evaluationOf"],
    run(losses, digest, random) {
      for (const [a, b] of evaluators(losses, random, FEW)) {
        digest.add(figuresOf(parts.evaluationOf(parts.mergeStates(a.state(), b.state()))));
      }
    },
  },
  {
    name: "regressionEvaluator",
    functions: ["regressionEvaluator"],
    run(losses, digest, random) {
      for (const both of regressions(losses, random, ALL, () => losses.regressionEvaluator())) {
        for (const evaluator of both) digest.add(evaluator.result());
      }
    },
  },
  {
    name: "regressionEvaluator, states",
    functions: ["regressionEvaluator"],
    run(losses, digest, random) {
      for (const both of regressions(losses, random, ALL, () => losses.regressionEvaluator())) {
        for (const evaluator of both) digest.add(evaluator.state());
      }
      // more elements than are added before sums are emptied
      const predictions = Float32Array.from({ length: 270_001 }, random);
      const evaluator = losses.regressionEvaluator();
      evaluator.add(predictions, predictions.slice().reverse());
      digest.add(evaluator.state());
    },
  },
  {
    name: "regressionEvaluator without an engine",
    functions: ["regressionEvaluator"],
    run(losses, digest, random) {
      for (const both of regressions(losses, random, FEW, parts.regressionEvaluator)) {
        for (const evaluator of both) {
          digest.add(evaluator.result());
          digest.add(evaluator.state());
        }
      }
    },
  },
  {
    name: "regressionOf",
    functions: ["regressionOf"],
    run(losses, digest, random) {
      for (const [a, b] of regressions(losses, random, FEW, () => losses.regressionEvaluator())) {
        digest.add(parts.regressionOf(a.state()));
        digest.add(parts.regressionOf(parts.mergeStates(a.state(), b.state())));
      }
    },
  },
];
