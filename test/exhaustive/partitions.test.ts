/** States of random partitions of the same rows, in any order, by any backend and threads: the same bytes. */
import { expect, test } from "vitest";
import { mergeStates } from "../../src/index.node.ts";
import { openThreaded } from "../backends.ts";
import {
  type Dtype,
  dtypes,
  type FloatArray,
  floats,
  integer,
  labelsOf,
  logitsOf,
  mulberry32,
  normal,
} from "../inputs.ts";

const opened = await openThreaded();
type Losses = (typeof opened)[number]["losses"];

/** Of each kind. */
const PARTITIONS = Number(process.env.PARTITIONS ?? 1000);
const [rows, classes] = [240, 5];

/** What adds rows up, given their numbers: in order where its state names them. */
interface Kind {
  readonly inOrder: boolean;
  start(losses: Losses): { add(chosen: readonly number[]): void; state(): Uint8Array };
}

/** Rows of ordinary, tied, huge and tiny logits, of NaN and of infinities. */
function oddLogits(dtype: Dtype, width: number, seed: number): FloatArray {
  const x = logitsOf(mulberry32(seed), dtype, rows, width);
  x[3 * width] = Number.NaN;
  x[7 * width] = Number.POSITIVE_INFINITY;
  x.fill(Number.NEGATIVE_INFINITY, 9 * width, 10 * width);
  x[11 * width + 1] = Number.NEGATIVE_INFINITY;
  x.fill(2, 12 * width, 20 * width);
  if (dtype === "float64") x.set([1e300, -1e-300], 30 * width);
  return x;
}

function kindsOf(dtype: Dtype): Record<string, Kind> {
  const random = mulberry32(5);
  const ofRows = (x: FloatArray, width: number) => (chosen: readonly number[]) =>
    floats(
      dtype,
      chosen.flatMap((row) => Array.from(x.subarray(row * width, (row + 1) * width))),
    );
  const labels = labelsOf(random, rows, classes, -100);
  const groups = Array.from({ length: rows }, () => integer(random, 30) - 9);
  const pick = (values: ArrayLike<number>) => (chosen: readonly number[]) => chosen.map((row) => values[row]);
  const [logits, other, two] = [oddLogits(dtype, classes, 1), oddLogits(dtype, classes, 2), oddLogits(dtype, 2, 3)];
  const x = ofRows(logits, classes);
  const z = ofRows(other, classes);
  const pairs = ofRows(two, 2);
  const y = pick(labels);
  const label2 = pick(labels.map((label) => (label < 0 ? label : label % 2)));
  const g = pick(groups);
  const beside = (chosen: readonly number[]) => ({ mask: chosen.map((row) => row % 11 !== 3), groups: g(chosen) });
  const weight = floats(dtype, [0.3, 0, 2, 1e-30, 7]);
  const all = { classes, perClass: true, confusion: true, percentiles: true as const, topK: [1, 3] };
  const evaluated = (options: Parameters<Losses["evaluator"]>[0], inOrder = false, beside = true): Kind => ({
    inOrder,
    start(losses) {
      const evaluator = losses.evaluator(options);
      const [logitsFor, labelsFor] = options.classes === 2 ? [pairs, label2] : [x, y];
      return {
        add: (chosen) =>
          evaluator.add(logitsFor(chosen), labelsFor(chosen), {
            ...(beside ? { groups: g(chosen), bytes: 3 * chosen.length, words: chosen.length } : {}),
            firstRow: chosen[0],
          }),
        state: () => evaluator.state(),
      };
    },
  });
  const compared = (worst: number): Kind => ({
    inOrder: worst > 0,
    start(losses) {
      const comparison = losses.comparison({ classes, worst });
      return {
        add: (chosen) => comparison.add(x(chosen), z(chosen), y(chosen), { groups: g(chosen), firstRow: chosen[0] }),
        state: () => comparison.state(),
      };
    },
  });
  const single = floats(
    dtype,
    Array.from({ length: rows }, (_, i) =>
      i === 4 ? Number.NaN : i === 5 ? Number.POSITIVE_INFINITY : 9 * normal(random),
    ),
  );
  const targets = floats(
    dtype,
    Array.from({ length: rows }, () => random()),
  );
  const numbers = floats(
    dtype,
    Array.from({ length: rows }, (_, i) => (i % 40 === 7 ? 0 : 2 ** (30 * random()) * normal(random))),
  );
  return {
    evaluator: evaluated(all),
    "evaluator with weights": evaluated({ ...all, weight }, false, false),
    "evaluator of two classes": evaluated({ ...all, classes: 2, topK: [1], ranking: true, fitTemperature: true }),
    "evaluator with worst rows": evaluated({ ...all, worst: 9 }, true),
    comparison: compared(0),
    "comparison with worst rows": compared(9),
    binaryEvaluator: {
      inOrder: false,
      start(losses) {
        const evaluator = losses.binaryEvaluator();
        const [p, t] = [ofRows(single, 1), ofRows(targets, 1)];
        return { add: (chosen) => evaluator.add(p(chosen), t(chosen), beside(chosen)), state: () => evaluator.state() };
      },
    },
    regressionEvaluator: {
      inOrder: false,
      start(losses) {
        const evaluator = losses.regressionEvaluator();
        const [p, t] = [ofRows(single.map((v) => (v - v === 0 ? v : 1)) as FloatArray, 1), ofRows(numbers, 1)];
        return { add: (chosen) => evaluator.add(p(chosen), t(chosen), beside(chosen)), state: () => evaluator.state() };
      },
    },
  };
}

test.each(
  dtypes.flatMap((dtype) => Object.entries(kindsOf(dtype)).map(([name, kind]) => [name, dtype, kind] as const)),
)("%s, %s", (_, __, { inOrder, start }) => {
  const random = mulberry32(17);
  const everyRow = Array.from({ length: rows }, (_, row) => row);
  const whole = start(opened[0].losses);
  whole.add(everyRow);
  const wanted = whole.state();
  for (let i = 0; i < PARTITIONS; i++) {
    const order = inOrder
      ? everyRow
      : everyRow
          .map((row) => ({ row, at: random() }))
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row);
    const states: Uint8Array[] = [];
    for (let at = 0; at < rows; ) {
      const part = start(opened[integer(random, opened.length)].losses);
      for (let batches = 1 + integer(random, 3); batches > 0 && at < rows; batches--) {
        const chosen = order.slice(at, at + 1 + integer(random, 120));
        part.add(chosen);
        at += chosen.length;
      }
      states.push(part.state());
    }
    const shuffled = states.map((state) => ({ state, at: random() })).sort((a, b) => a.at - b.at);
    const merged = mergeStates(...shuffled.map(({ state }) => state));
    if (Buffer.compare(merged, wanted) !== 0) expect(merged, `partition ${i}`).toEqual(wanted);
  }
});
