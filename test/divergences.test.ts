import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LogitsArray } from "../src/dtype.ts";
import { bfloat16, float16 } from "../src/exports.ts";
import { type Losses, openAll, openThreaded } from "./backends.ts";
import {
  bfloat16Value,
  type Dtype,
  differences,
  dtypes,
  expectClose,
  expectSame,
  type FloatArray,
  float16Value,
  floats,
  integer,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  type Random,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

const opened = await openAll();
const exact = await openThreaded();

const INPUTS = ["logits", "probabilities", "logProbabilities"] as const;
type Input = (typeof INPUTS)[number];
const MEASURES = ["forward", "reverse", 0.5, 0.2] as const;
type Measure = (typeof MEASURES)[number];
const REDUCTIONS = ["mean", "sum", "none"] as const;

type Loss = number | Float64Array;
interface Functions {
  loss(predictions: LogitsArray, targets: LogitsArray, options: object): Loss;
  withGrad(predictions: LogitsArray, targets: LogitsArray, options: object): { loss: Loss; grad: FloatArray };
  /** The options that say which divergence it is. */
  own: object;
}

/** The public functions of a measure. */
function functionsOf(losses: Losses, measure: Measure): Functions {
  const { klDivergence, klDivergenceWithGrad, jensenShannon, jensenShannonWithGrad } = losses;
  return typeof measure === "number"
    ? ({ loss: jensenShannon, withGrad: jensenShannonWithGrad, own: { beta: measure } } as Functions)
    : ({ loss: klDivergence, withGrad: klDivergenceWithGrad, own: { direction: measure } } as Functions);
}

const numbersOf = (loss: Loss) => (typeof loss === "number" ? [loss] : loss);

/** Rows of what a side may be. */
function sideOf(random: Random, dtype: Dtype, rows: number, classes: number, input: Input): FloatArray {
  if (input === "logits") return logitsOf(random, dtype, rows, classes);
  const probabilities = probabilitiesOf(random, dtype, rows, classes);
  return input === "probabilities" ? probabilities : probabilities.map(Math.log);
}

const SHAPES: [rows: number, classes: number][] = [
  ...[1, 2, 3, 4, 5, 10, 16, 17, 31, 33, 64, 65, 127, 128, 129, 257].map((classes): [number, number] => [5, classes]),
  [257, 3],
  [3, 1000],
  [2, 4097],
];
const BOUND = 2 ** -49;
/** What rounding a gradient adds. */
const NARROW = { float32: 2 ** -24, float64: 2 ** -53 };
const TINY = { float32: 2 ** -149, float64: 2 ** -1074 };

describe.each(MEASURES)("%s", (measure) => {
  describe.each(dtypes)("%s", (dtype) => {
    test.each(INPUTS.flatMap((input) => INPUTS.map((targetInput) => [input, targetInput] as const)))(
      "of %s from %s, against the oracle",
      (input, targetInput) => {
        const random = mulberry32(7);
        for (const [k, [rows, classes]] of SHAPES.entries()) {
          const predictions = sideOf(random, dtype, rows, classes, input);
          const targets = sideOf(random, dtype, rows, classes, targetInput);
          const reduction = REDUCTIONS[k % 3];
          const temperature = [input, targetInput].includes("logits") && k % 2 === 1 ? 0.75 + k / 8 : 1;
          const sampleWeight =
            k % 4 === 3
              ? floats(
                  dtype,
                  Array.from({ length: rows }, (_, i) => (i === 1 ? 0 : i / 4 + 0.5)),
                )
              : undefined;
          const common = { classes, input, targetInput, temperature, sampleWeight, reduction };
          const wanted = oracle.divergence(predictions, targets, { ...common, measure });
          const bound = (i: number) => BOUND * wanted.rowTerms[i];
          for (const { name, losses } of opened) {
            const where = `${name}, [${rows}, ${classes}] ${reduction}, ${temperature}`;
            const { loss, withGrad, own } = functionsOf(losses, measure);
            const got = withGrad(predictions, targets, { ...common, ...own });
            const alone = loss(predictions, targets, { ...common, ...own });
            expectSame(numbersOf(got.loss), numbersOf(alone), where);
            const total = sampleWeight ? oracle.exactSum(sampleWeight) : rows;
            const all = wanted.rows.reduce((sum, _, i) => sum + bound(i), 0) / (reduction === "mean" ? total : 1);
            const isEach = reduction === "none";
            expectClose(numbersOf(got.loss), isEach ? wanted.rows : [wanted.loss], isEach ? bound : () => all, where);
            expectClose(
              got.grad,
              wanted.gradient,
              (i) => (NARROW[dtype] + 2 ** -51 * (4 + wanted.distances[i])) * wanted.gradientTerms[i] + TINY[dtype],
              `gradient, ${where}`,
            );
          }
        }
      },
    );
  });

  test("the same bits on every backend, with odd values on either side", () => {
    const random = mulberry32(3);
    const odd = [
      0,
      -0,
      1,
      1e-30,
      1e-45,
      88,
      -700,
      1e30,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    for (const dtype of dtypes) {
      for (const input of INPUTS) {
        for (const targetInput of INPUTS) {
          const rows = 40;
          const classes = 1 + integer(random, 9);
          const [predictions, targets] = [input, targetInput].map((kind) => {
            const side = sideOf(random, dtype, rows, classes, kind);
            for (let k = 0; k < rows; k++) side[integer(random, side.length)] = odd[integer(random, odd.length)];
            return side;
          });
          const [first, ...others] = exact.map(({ losses }) => {
            const { withGrad, own } = functionsOf(losses, measure);
            const options = { classes, input, targetInput, ...own, reduction: "none" as const };
            return withGrad(predictions, targets, options);
          });
          for (const [k, other] of others.entries()) {
            expectSame(other.loss as Float64Array, first.loss as Float64Array, exact[k + 1].name);
            expectSame(other.grad, first.grad, `gradient, ${exact[k + 1].name}`);
          }
        }
      }
    }
  });

  test("of an array from itself it is exactly 0", () => {
    const random = mulberry32(5);
    for (const dtype of dtypes) {
      for (const input of INPUTS) {
        const x = sideOf(random, dtype, 50, 33, input);
        for (const { losses } of exact) {
          const { loss, own } = functionsOf(losses, measure);
          const options = { classes: 33, input, targetInput: input, ...own, reduction: "none" as const };
          expectSame(loss(x, x, options) as Float64Array, new Float64Array(50), input);
        }
      }
    }
  });

  test("half precision is its float32 values", () => {
    const bits = Uint16Array.from({ length: 60 }, (_, i) => 0x3800 + 37 * i);
    const [{ losses }] = exact;
    const { withGrad, own } = functionsOf(losses, measure);
    for (const wrap of [float16, bfloat16]) {
      const value = wrap === float16 ? float16Value : bfloat16Value;
      const wide = Float32Array.from(bits, value);
      const options = { classes: 6, targetInput: "logits", ...own };
      const got = withGrad(wrap(bits), wrap(bits.toReversed()), options);
      const wanted = withGrad(wide, wide.toReversed(), options);
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, wanted.grad, "gradient");
    }
  });

  test("out may be the predictions, and nothing else", () => {
    for (const { losses } of exact) {
      const { withGrad, own } = functionsOf(losses, measure);
      const predictions = Float64Array.of(1, 2, 3, 4, 5, 7);
      const targets = Float64Array.of(0.5, 0.25, 0.25, 0, 1, 0);
      const options = { classes: 3, ...own };
      const wanted = withGrad(predictions, targets, options);
      const inPlace = predictions.slice();
      const got = withGrad(inPlace, targets, { ...options, out: inPlace });
      expect(got.grad).toBe(inPlace);
      expectSame(got.grad, wanted.grad, "in place");
      expect(() => withGrad(predictions, targets, { ...options, out: targets })).toThrow(/out and targets overlap/);
    }
  });
});

test.each(MEASURES)("gradients of %s, against differences", (measure) => {
  const random = mulberry32(29);
  const [{ losses }] = exact;
  const { loss, withGrad, own } = functionsOf(losses, measure);
  for (const input of INPUTS) {
    for (const targetInput of INPUTS) {
      const [predictions, targets] = [input, targetInput].map((kind) => {
        const x = Float64Array.from({ length: 12 }, () => 0.2 + random());
        return kind === "logProbabilities" ? x.map(Math.log) : x;
      });
      const temperature = [input, targetInput].includes("logits") ? 0.7 : 1;
      const sampleWeight = Float64Array.of(0.5, 2, 0);
      const options = { classes: 4, input, targetInput, temperature, sampleWeight, reduction: "sum", ...own };
      const { grad } = withGrad(predictions, targets, options);
      const wanted = differences(
        (at) => loss(at as Float64Array, targets, options) as number,
        predictions,
        () => 1e-3,
      );
      expectClose(grad, wanted, (i) => 1e-8 * (1 + Math.abs(wanted[i])), `${input} from ${targetInput}`);
    }
  }
});

test("what all logits of a row have in common changes nothing, whatever the temperature", () => {
  const random = mulberry32(17);
  const some = () => Float64Array.from({ length: 30 }, () => integer(random, 64) / 8);
  const [x, y] = [some(), some()];
  for (const { losses } of exact) {
    for (const measure of MEASURES) {
      const { withGrad, own } = functionsOf(losses, measure);
      for (const temperature of [0.07, 1, 3, 1e5]) {
        const options = { classes: 6, targetInput: "logits", temperature, ...own };
        const wanted = withGrad(x, y, options);
        for (const common of [1e8, -1e12]) {
          const shifted = (values: Float64Array) => values.map((x) => x + common);
          const { loss, grad } = withGrad(shifted(x), shifted(y), options);
          expect(loss).toBe(wanted.loss);
          expectSame(grad, wanted.grad, `${measure}, ${temperature}, ${common}`);
        }
      }
    }
  }
});

describe("edges", () => {
  const { losses } = exact[0];
  const ln2 = 0.6931471805599453;

  test("classes without probability count for nothing, and impossible ones are infinite", () => {
    for (const { losses } of exact) {
      const kl = (q: number[], p: number[], direction: "forward" | "reverse") =>
        losses.klDivergenceWithGrad(Float64Array.from(q), Float64Array.from(p), {
          classes: q.length,
          input: "probabilities",
          direction,
        });
      expect(kl([0.5, 0.5, 0], [1, 0, 0], "forward").loss).toBe(ln2);
      expect(Array.from(kl([0.5, 0.5, 0], [1, 0, 0], "forward").grad)).toEqual([-2, -0, -0]);
      expect(kl([1, 0], [0.5, 0.5], "forward").loss).toBe(Number.POSITIVE_INFINITY);
      expect(kl([1, 0], [0.5, 0.5], "reverse").loss).toBe(ln2);
      expect(kl([0.5, 0.5], [1, 0], "reverse").loss).toBe(Number.POSITIVE_INFINITY);
      expect(Array.from(kl([0.5, 0.5], [1, 0], "reverse").grad)).toEqual([Number.NaN, Number.NaN]);
    }
  });

  test("Jensen-Shannon is symmetric at 0.5, and at most ln 2", () => {
    const random = mulberry32(11);
    const [a, b] = [1, 2].map(() => sideOf(random, "float64", 100, 10, "probabilities"));
    const options = { classes: 10, input: "probabilities", reduction: "none" } as const;
    expectSame(losses.jensenShannon(a, b, options), losses.jensenShannon(b, a, options), "symmetric");
    const apart = losses.jensenShannon(Float32Array.of(1, 0), Float32Array.of(0, 1), { ...options, classes: 2 });
    expect(apart[0]).toBe(ln2);
    for (const loss of losses.jensenShannon(a, b, options)) expect(loss).toBeLessThanOrEqual(ln2 + 1e-6);
  });

  test("Jensen-Shannon is no less than 0 of rows that hardly differ: it has a root", () => {
    const random = mulberry32(23);
    for (const dtype of dtypes) {
      for (const input of ["probabilities", "logits"] as const) {
        const a = sideOf(random, dtype, 300, 7, input);
        const b = a.map((p) => p * (1 + (random() - 0.5) * 2 ** -20)) as FloatArray;
        for (const { losses } of exact) {
          for (const beta of [0.5, 0.1]) {
            const options = { classes: 7, input, targetInput: input, reduction: "none", beta } as const;
            const each = losses.jensenShannon(a as Float64Array, b as Float64Array, options);
            expect(each.every((loss) => loss >= 0)).toBe(true);
          }
        }
      }
    }
    // float32 numbers of which the root of another library's divergence is NaN
    const [p, q] = [
      [0.027501475, 0.055202297],
      [0.027537677, 0.055334348],
    ].map((row) => Float32Array.from(row));
    expect(losses.jensenShannon(p, q, { classes: 2, input: "probabilities" })).toBeGreaterThanOrEqual(0);
  });

  test("of subnormal probabilities, and of shares of the targets that are", () => {
    const of = (losses: Losses, q: number[], p: number[], beta: number) => {
      const options = { classes: 2, input: "probabilities", beta, reduction: "none" } as const;
      const { loss, grad } = losses.jensenShannonWithGrad(Float64Array.from(q), Float64Array.from(p), options);
      return [...loss, ...grad];
    };
    for (const { losses } of exact) {
      expect(of(losses, [0, 1], [5e-324, 1], 0.5)).toEqual([0, Number.NEGATIVE_INFINITY, 0]);
      // log of 1 / 0.5 by half
      expectClose(of(losses, [5e-324, 1], [0, 1], 0.5), [0, ln2 / 2, 0], () => 2 ** -52, "only predicted");
      expectClose(of(losses, [3e-323, 1], [1e-323, 1], 0.5), [0, Math.log(1.5) / 2, 0], () => 2 ** -52, "both");
      const [loss, ...grad] = of(losses, [0, 1], [0.5, 0.5], 5e-324);
      expect(loss).toBeLessThan(1e-320);
      expect(grad).toEqual([Number.NEGATIVE_INFINITY, 0]);
      expectSame(of(losses, [5e-324, 1], [0.5, 0.5], 5e-324).slice(1), [0, 0], "hardly any target");
    }
  });

  test("a probability of -0 is one of 0", () => {
    for (const { losses } of exact) {
      for (const direction of ["forward", "reverse"] as const) {
        const options = { classes: 2, input: "probabilities", direction } as const;
        const [of0, ofMinus0] = [0, -0].map((q) =>
          losses.klDivergenceWithGrad(Float64Array.of(q, 1), Float64Array.of(0.5, 0.5), options),
        );
        expect(ofMinus0).toEqual(of0);
      }
    }
  });

  test("a row of weight 0 counts exactly 0, whatever it holds; weights of 0 alone: mean NaN, gradient 0", () => {
    const x = Float32Array.of(1, 2, Number.NaN, Number.POSITIVE_INFINITY);
    const p = Float32Array.of(0.5, 0.5, -1, Number.NaN);
    const one = losses.klDivergence(x.subarray(0, 2), p.subarray(0, 2), { classes: 2 });
    const { loss, grad } = losses.klDivergenceWithGrad(x, p, { classes: 2, sampleWeight: Float32Array.of(3, 0) });
    expectClose([loss], [one], () => 1e-16, "loss");
    expect(Array.from(grad.subarray(2))).toEqual([0, 0]);
    const none = losses.klDivergenceWithGrad(x, p, { classes: 2, sampleWeight: new Float32Array(2) });
    expect(none.loss).toBeNaN();
    expect(Array.from(none.grad)).toEqual([0, 0, 0, 0]);
    expect(losses.klDivergence(new Float32Array(0), new Float32Array(0), { classes: 2 })).toBeNaN();
    expect(losses.klDivergence(zeros("float32", 0), zeros("float32", 0), { classes: 2, reduction: "sum" })).toBe(0);
  });

  test("tiny weights divide out", () => {
    const x = Float64Array.of(0, 1);
    const p = Float64Array.of(1, 0);
    const weighted = losses.klDivergenceWithGrad(x, p, { classes: 2, sampleWeight: Float64Array.of(1e-310) });
    expectSame(weighted.grad, losses.klDivergenceWithGrad(x, p, { classes: 2 }).grad, "gradient");
  });

  test("weights divide out that overflow in their sum, or times the losses", () => {
    const x = Float64Array.of(0, 100, 0, 100);
    const p = Float64Array.of(1, 0, 1, 0);
    const usual = losses.klDivergenceWithGrad(x, p, { classes: 2, sampleWeight: Float64Array.of(1, 1) });
    for (const weight of [2 ** 501, 2 ** 1020, 2 ** 1023]) {
      const sampleWeight = Float64Array.of(weight, weight);
      const { loss, grad } = losses.klDivergenceWithGrad(x, p, { classes: 2, sampleWeight });
      expect(loss).toBe(usual.loss);
      expectSame(grad, usual.grad, `weights ${weight}`);
    }
    const endless = { classes: 2, sampleWeight: Float64Array.of(Infinity, 1) };
    expect(losses.klDivergence(x, p, endless)).toBeNaN();
  });

  test.each([
    [{ temperature: 0 }, RangeError, "klDivergence: temperature is 0, but must be above 0 and below Infinity"],
    [{ temperature: 1e-310 }, RangeError, "klDivergence: temperature is 1e-310, but its inverse must be finite"],
    [{ direction: "back" }, RangeError, 'klDivergence: direction is "back", but must be one of forward, reverse'],
    [{ beta: 0.5 }, TypeError, "klDivergence: beta is no option"],
    [
      { input: "probabilities", temperature: 2 },
      TypeError,
      "klDivergence: temperature is 2, but neither predictions nor targets are logits",
    ],
    [
      { sampleWeight: Float32Array.of(1, -1) },
      RangeError,
      "klDivergence: sampleWeight[1] is -1, but must be 0 or more",
    ],
    [
      { sampleWeight: Float32Array.of(1) },
      RangeError,
      "klDivergence: sampleWeight has length 1, but predictions (in rows) has 2",
    ],
    [
      { sampleWeight: Float64Array.of(1, 1) },
      TypeError,
      "klDivergence: sampleWeight is a Float64Array, but predictions is a Float32Array",
    ],
    [{ classes: 3 }, RangeError, "klDivergence: predictions has length 4, which is not a multiple of classes 3"],
  ])("%o is refused", (options, type, message) => {
    const four = Float32Array.of(1, 0, 0, 1);
    const call = () => losses.klDivergence(four, four, { classes: 2, ...options } as never);
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

// ------------------------------------------------------------------------------------------------------------ golden

interface Golden {
  dtype: "f32" | "f64";
  rows: number;
  classes: number;
  kind: "forward" | "reverse" | "jensenShannon";
  beta: number | null;
  logits: number[];
  targetLogits: number[];
  none: number[];
  mean: number;
  grad_mean: number[];
}

const golden: Golden[] = JSON.parse(readFileSync(new URL("./fixtures/divergences.json", import.meta.url), "utf8"));

test.each(opened)("what PyTorch computes, $name", ({ losses }) => {
  for (const { dtype: name, classes, kind, beta, logits, targetLogits, none, mean, grad_mean } of golden) {
    const dtype = name === "f32" ? "float32" : "float64";
    const { loss, withGrad, own } = functionsOf(losses, kind === "jensenShannon" ? (beta as 0.5) : kind);
    const [x, y] = [floats(dtype, logits), floats(dtype, targetLogits)];
    const options = { classes, targetInput: "logits" as const, ...own };
    const largest = Math.max(1, ...none.map(Math.abs));
    const within = (dtype === "float32" ? 1e-6 : 1e-13) * largest;
    expectClose(loss(x, y, { ...options, reduction: "none" }) as Float64Array, none, () => within, kind);
    const got = withGrad(x, y, options);
    expectClose([got.loss as number], [mean], () => within, kind);
    expectClose(got.grad, grad_mean, () => within, kind);
  }
});
