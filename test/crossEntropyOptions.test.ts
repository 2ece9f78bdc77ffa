import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CrossEntropy, SparseTargets } from "../src/exports.ts";
import { bfloat16, float16 } from "../src/exports.ts";
import { type Losses, openAll, openThreaded } from "./backends.ts";
import { someOf } from "./breadth.ts";
import * as oracle from "./crossEntropyOracle.ts";
import {
  arrayOf,
  type Dtype,
  differences,
  dtypes,
  elementCounts,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  gradientTolerance,
  integer,
  labelsOf,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  type Random,
  smallest,
  unit,
  values,
  weightsOf,
  zeros,
} from "./inputs.ts";
import { exactSum } from "./oracle.ts";

// Temperature, soft cap, z-loss and gamma of crossEntropy, and sparse targets.

const opened = await openAll();
const exact = await openThreaded();

type Options = Omit<CrossEntropy, "classes" | "weight" | "sampleWeight">;
type Targets = Int32Array | FloatArray | SparseTargets;
type Loss = number | Float64Array;

const KINDS = ["labels", "probabilities", "sparse"] as const;
type Kind = (typeof KINDS)[number];

const numbersOf = (loss: Loss) => (typeof loss === "number" ? [loss] : loss);

function withGrad(losses: Losses, x: unknown, targets: Targets, options: object) {
  return losses.crossEntropyWithGrad(
    x as Float64Array,
    targets as Int32Array,
    options as CrossEntropy<Float64Array>,
  ) as {
    loss: Loss;
    grad: FloatArray;
  };
}

function lossOf(losses: Losses, x: unknown, targets: Targets, options: object): Loss {
  return losses.crossEntropy(x as Float64Array, targets as Int32Array, options as CrossEntropy<Float64Array>);
}

function sparseOf(random: Random, dtype: Dtype, rows: number, classes: number): SparseTargets {
  const k = 1 + integer(random, 4);
  return {
    indices: labelsOf(random, rows * k, classes),
    probabilities: zeros(dtype, rows * k).map(() => random()) as FloatArray,
  };
}

function targetsOf(random: Random, kind: Kind, dtype: Dtype, rows: number, classes: number): Targets {
  if (kind === "labels") return labelsOf(random, rows, classes, -100);
  return kind === "sparse" ? sparseOf(random, dtype, rows, classes) : probabilitiesOf(random, dtype, rows, classes);
}

/** As the oracle takes them. */
const given = (kind: Kind, targets: Targets) => ({ [kind === "probabilities" ? "targets" : kind]: targets });

/** Options, at least one of them none that crossEntropy does without. */
function optionsOf(random: Random, kind: Kind): Options {
  const options: Options = {
    temperature: [1, 0.7, 2, 0.05][integer(random, 4)],
    softCap: [undefined, 30, 5, 1000][integer(random, 4)],
    zLoss: [0, 1e-4, 0.3][integer(random, 3)],
    gamma: kind === "labels" ? [0, 0.5, 1, 2, 5][integer(random, 5)] : 0,
    labelSmoothing: [0, 0, 0.1][integer(random, 3)],
  };
  return options;
}

/** How many roundings distances of float64 have: of capped logits more, the further beyond the cap the largest is. */
function depthOf(dtype: Dtype, row: FloatArray, { softCap }: Options): number {
  if (dtype === "float32" || softCap === undefined) return 1;
  return 2 * (1 + Math.max(...row.map(Math.abs)) / softCap);
}

/** Relative errors of losses; powers of a small share multiply theirs. */
function lossTolerance(dtype: Dtype, wanted: oracle.Result, i: number, x: FloatArray, options: Options): number {
  const classes = x.length / wanted.rows.length;
  const size = Math.abs(wanted.rows[i]);
  const depth = depthOf(dtype, x.subarray(i * classes, (i + 1) * classes), options);
  const small = Math.max(depth === 1 ? 0 : 1, -Math.log(size || 1));
  const share = 4 * (1 + (options.gamma ?? 0)) + depth * small;
  return size * unit[dtype] * share + classes * smallest[dtype];
}

/** Errors of gradients, of the sizes of their terms. */
function slopeTolerance(dtype: Dtype, wanted: oracle.Result, i: number, x: FloatArray, options: Options): number {
  const classes = x.length / wanted.rows.length;
  const first = i - (i % classes);
  const depth = depthOf(dtype, x.subarray(first, first + classes), options);
  const distance = depth === 1 ? wanted.distances[i] : depth * (1 + wanted.distances[i]);
  return (1 + (options.gamma ?? 0)) * gradientTolerance(dtype, wanted.terms[i], distance);
}

const SHAPES = [
  [7, 1],
  [9, 2],
  [8, 3],
  [6, 5],
  [5, 10],
  [2, 33],
  [1, 130],
];

describe.each(dtypes)("%s", (dtype) => {
  test.each(KINDS)("%s, against 106 bits", (kind) => {
    const random = mulberry32(31);
    for (let turn = 0; turn < 4; turn++) {
      for (const [rows, classes] of SHAPES) {
        if (classes === 1 && kind !== "labels") continue;
        const x = logitsOf(random, dtype, rows, classes);
        const options = optionsOf(random, kind);
        const targets = targetsOf(random, kind, dtype, rows, classes);
        const weight = random() < 0.4 ? weightsOf(random, dtype, classes) : undefined;
        const wanted = oracle.crossEntropy({ classes, logits: x, weight, ...options, ...given(kind, targets) });
        const all = { ...options, classes, weight };
        for (const { name, losses } of opened) {
          const where = `${name}, [${rows}, ${classes}] ${JSON.stringify(options)}`;
          const { loss, grad } = withGrad(losses, x, targets, { ...all, reduction: "none" });
          expectSame(numbersOf(loss), numbersOf(lossOf(losses, x, targets, { ...all, reduction: "none" })), where);
          expectClose(numbersOf(loss), wanted.rows, (i) => lossTolerance(dtype, wanted, i, x, options), where);
          expectClose(grad, wanted.gradient, (i) => slopeTolerance(dtype, wanted, i, x, options), `gradient, ${where}`);
        }
      }
    }
  });

  test("every number of classes, against 106 bits", () => {
    const random = mulberry32(37);
    for (const [k, classes] of elementCounts.entries()) {
      const kind = classes === 1 ? "labels" : KINDS[k % 3];
      const x = logitsOf(random, dtype, 2, classes);
      const options = optionsOf(random, kind);
      const targets = targetsOf(random, kind, dtype, 2, classes);
      const wanted = oracle.crossEntropy({ classes, logits: x, ...options, ...given(kind, targets) });
      for (const { name, losses } of opened) {
        const where = `${name}, ${classes} classes, ${kind} ${JSON.stringify(options)}`;
        const { loss, grad } = withGrad(losses, x, targets, { ...options, classes, reduction: "none" });
        expectClose(numbersOf(loss), wanted.rows, (i) => lossTolerance(dtype, wanted, i, x, options), where);
        expectClose(grad, wanted.gradient, (i) => slopeTolerance(dtype, wanted, i, x, options), `gradient, ${where}`);
      }
    }
  });

  test("rows longer than a block", () => {
    const random = mulberry32(9);
    for (const classes of someOf([1025, 2050], 2)) {
      for (const kind of KINDS) {
        const x = logitsOf(random, dtype, 1, classes);
        const options = { temperature: 0.7, softCap: 30, zLoss: 0.01, labelSmoothing: kind === "labels" ? 0 : 0.1 };
        const targets = targetsOf(random, kind, dtype, 1, classes);
        const wanted = oracle.crossEntropy({ classes, logits: x, ...options, ...given(kind, targets) });
        for (const { name, losses } of opened) {
          const where = `${name}, ${classes} classes, ${kind}`;
          const { loss, grad } = withGrad(losses, x, targets, { ...options, classes, reduction: "none" });
          expectClose(numbersOf(loss), wanted.rows, (i) => lossTolerance(dtype, wanted, i, x, options), where);
          expectClose(grad, wanted.gradient, (i) => slopeTolerance(dtype, wanted, i, x, options), `gradient, ${where}`);
        }
      }
    }
  });

  test("the same bits on every backend, resident, in place, with odd values and weights", () => {
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
    for (let turn = 0; turn < 40; turn++) {
      const kind = KINDS[turn % 3];
      const [rows, classes] = [30, 2 + integer(random, turn % 10 === 0 ? 1500 : 12)];
      const x = logitsOf(random, dtype, rows, classes);
      for (let k = 0; k < 20; k++) x[integer(random, x.length)] = odd[integer(random, odd.length)];
      const options = {
        ...optionsOf(random, kind),
        classes,
        weight: random() < 0.5 ? weightsOf(random, dtype, classes) : undefined,
        sampleWeight: random() < 0.5 ? (values(random, dtype, rows).map(Math.abs) as FloatArray) : undefined,
        reduction: (["mean", "sum", "none"] as const)[integer(random, 3)],
      };
      const targets = targetsOf(random, kind, dtype, rows, classes);
      const [first, ...others] = exact.map(({ name, losses }, i) => {
        if (name === "js" || turn % 2 === 0) return withGrad(losses, x, targets, options);
        const inside = losses.alloc(arrayOf[dtype], x.length);
        inside.set(x);
        const { loss, grad } = withGrad(losses, inside, targets, { ...options, out: i === 0 ? inside : undefined });
        const got = { loss, grad: grad.slice() as FloatArray };
        losses.free(inside);
        return got;
      });
      for (const [k, other] of others.entries()) {
        const where = `${exact[k + 1].name}, ${kind}, ${classes} classes, ${JSON.stringify(options)}`;
        expectSame(numbersOf(other.loss), numbersOf(first.loss), where);
        expectSame(other.grad, first.grad, `gradient, ${where}`);
      }
    }
  });

  test("mean and sum of row losses, by the weights of rows and of labels", () => {
    const random = mulberry32(13);
    for (const kind of KINDS) {
      const [rows, classes] = [20, 6];
      const x = logitsOf(random, dtype, rows, classes);
      const targets = targetsOf(random, kind, dtype, rows, classes);
      const weight = weightsOf(random, dtype, classes);
      const sampleWeight = floats(
        dtype,
        Array.from({ length: rows }, (_, i) => (i % 4) / 2),
      );
      for (const { losses } of exact) {
        const options = { classes, weight, temperature: 2, zLoss: 0.1 };
        const plain = withGrad(losses, x, targets, { ...options, reduction: "none" });
        const each = Array.from(sampleWeight, (s, i) => (s === 0 ? 0 : s * numbersOf(plain.loss)[i]));
        const total = exactSum(
          Array.from(sampleWeight, (s, i) => {
            if (!(targets instanceof Int32Array)) return s;
            return targets[i] === -100 ? 0 : s * weight[targets[i]];
          }),
        );
        const { loss, grad } = withGrad(losses, x, targets, { ...options, sampleWeight });
        expect(lossOf(losses, x, targets, { ...options, sampleWeight, reduction: "sum" })).toBe(exactSum(each));
        expectClose(numbersOf(loss), [exactSum(each) / total], () => Math.abs(loss as number) * 2 ** -50, kind);
        expectClose(
          grad,
          Array.from(plain.grad, (g, i) => (sampleWeight[Math.floor(i / classes)] * g) / total),
          (i) => 8 * unit[dtype] * Math.abs(grad[i]) + 2 ** -120,
          `gradient, ${kind}`,
        );
      }
    }
  });

  test("inner: the bits of the turned data", () => {
    const random = mulberry32(7);
    const [classes, inner] = [5, 30];
    const positions = 2 * inner;
    const turn = (x: FloatArray) => {
      const out = x.slice();
      for (let i = 0; i < x.length; i++) {
        const [position, j] = [Math.floor(i / classes), i % classes];
        out[(Math.floor(position / inner) * classes + j) * inner + (position % inner)] = x[i];
      }
      return out as FloatArray;
    };
    for (const kind of ["labels", "probabilities"] as const) {
      const x = logitsOf(random, dtype, positions, classes);
      const targets = targetsOf(random, kind, dtype, positions, classes) as Int32Array | FloatArray;
      const turned = targets instanceof Int32Array ? targets : turn(targets);
      for (const { losses } of exact) {
        const options = { classes, temperature: 0.7, softCap: 30, zLoss: 0.1, gamma: kind === "labels" ? 2 : 0 };
        const wanted = withGrad(losses, x, targets, options);
        const got = withGrad(losses, turn(x), turned, { ...options, inner });
        expect(got.loss).toBe(wanted.loss);
        expectSame(got.grad, turn(wanted.grad), `gradient, ${kind}`);
      }
    }
  });
});

test.each(KINDS)("gradients of %s, against differences", (kind) => {
  const random = mulberry32(19);
  const [{ losses }] = exact;
  for (let k = 0; k < 12; k++) {
    const [rows, classes] = [3, 4];
    const x = values(random, "float64", rows * classes, 2);
    const options = { ...optionsOf(random, kind), temperature: 0.7, classes };
    const targets = targetsOf(random, kind, "float64", rows, classes);
    const { grad } = withGrad(losses, x, targets, { ...options, reduction: "sum" });
    const wanted = differences(
      (at) => lossOf(losses, at, targets, { ...options, reduction: "sum" }) as number,
      x,
      () => 1e-3,
    );
    const where = JSON.stringify(options);
    expectClose(grad, wanted, (i) => 1e-8 * (1 + Math.abs(wanted[i])), where);
  }
});

test.each(dtypes)("z-loss near its least: ln Σ exp(u) is within its bound, %s", (dtype) => {
  const random = mulberry32(29);
  for (let turn = 0; turn < 40; turn++) {
    const classes = 2 + integer(random, 30);
    const x = values(random, dtype, classes, 2);
    const down = Math.log(Array.from(x, Math.exp).reduce((a, b) => a + b)) - 10 ** (-6 * random());
    x.forEach((v, i) => {
      x[i] = v - down;
    });
    const labels = Int32Array.of(integer(random, classes));
    const zLoss = 10 ** (10 * random());
    const wanted = oracle.crossEntropy({ classes, logits: x, labels, zLoss });
    const m = Math.max(...x);
    const sum = Array.from(x, (v) => Math.exp(v - m)).reduce((a, b) => a + b);
    const error = unit[dtype] * (Math.abs(m) + Math.log(sum));
    const added = zLoss * (2 * Math.abs(m + Math.log(sum)) * error + error * error);
    for (const { name, losses } of opened) {
      const { loss, grad } = withGrad(losses, x, labels, { classes, zLoss, reduction: "none" });
      const where = `${name}, ${classes} classes, ${zLoss}`;
      const allowed = (i: number) => lossTolerance(dtype, wanted, i, x, {}) + added;
      expectClose(numbersOf(loss), wanted.rows, allowed, where);
      const slopes = (i: number) => slopeTolerance(dtype, wanted, i, x, {}) + 2 * zLoss * error;
      expectClose(grad, wanted.gradient, slopes, `gradient, ${where}`);
    }
  }
});

test("sparse targets are dense ones with zeros between", () => {
  const random = mulberry32(23);
  for (const dtype of dtypes) {
    const [rows, classes] = [9, 7];
    const x = logitsOf(random, dtype, rows, classes);
    const sparse = sparseOf(random, dtype, rows, classes);
    const k = sparse.indices.length / rows;
    const dense = zeros(dtype, rows * classes);
    // multiples of 1/8, which add up exactly where a class stands twice
    sparse.probabilities.forEach((_, i) => {
      sparse.probabilities[i] = (1 + (i % 7)) / 8;
      dense[Math.floor(i / k) * classes + sparse.indices[i]] += sparse.probabilities[i];
    });
    for (const { losses } of exact) {
      for (const options of [{ temperature: 2 }, { softCap: 10, zLoss: 0.1 }]) {
        const got = withGrad(losses, x, sparse, { ...options, classes });
        const wanted = withGrad(losses, x, dense, { ...options, classes });
        expect(got.loss).toBe(wanted.loss);
        expectSame(got.grad, wanted.grad, JSON.stringify(options));
      }
      const plain = withGrad(losses, x, sparse, { classes, reduction: "none" });
      const wanted = withGrad(losses, x, dense, { classes, reduction: "none" });
      const rowsWanted = numbersOf(wanted.loss);
      expectClose(numbersOf(plain.loss), rowsWanted, (i) => 16 * unit[dtype] * Math.abs(rowsWanted[i]), "plain");
    }
  }
});

test("the class axis of a tensor is where classes or inner say", () => {
  const data = logitsOf(mulberry32(2), "float32", 2 * 4, 3) as Float32Array;
  const labels = labelsOf(mulberry32(3), 8, 3);
  for (const { losses } of exact) {
    const wanted = losses.crossEntropyWithGrad(data, labels, { classes: 3, inner: 4 });
    const tensor = { data, dims: [2, 3, 2, 2] };
    for (const options of [{ classes: 3 }, { inner: 4 }, { classes: 3, inner: 4 }]) {
      const got = losses.crossEntropyWithGrad(tensor, labels, options);
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, wanted.grad, JSON.stringify(options));
    }
    const call = () => losses.crossEntropy(tensor, labels, { inner: 3 });
    expect(call).toThrow("crossEntropy: inner is 3, but logits has shape [2, 3, 2, 2]");
  }
});

test("half precision is its float32 values", () => {
  const bits = Uint16Array.from({ length: 60 }, (_, i) => 0x3800 + 37 * i);
  for (const { losses } of exact) {
    for (const wrap of [float16, bfloat16]) {
      const wide = Float32Array.from(
        bits,
        (_, i) => losses.logSumExp(wrap(bits.subarray(i, i + 1)), { classes: 1 })[0],
      );
      const options = {
        classes: 6,
        softCap: 20,
        gamma: 1,
        sampleWeight: Float32Array.from({ length: 10 }, (_, i) => i),
      };
      const labels = labelsOf(mulberry32(1), 10, 6);
      const got = withGrad(losses, wrap(bits), labels, options);
      const wanted = withGrad(losses, wide, labels, options);
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, wanted.grad, "gradient");
    }
  }
});

describe.each(exact)("edges, $name", ({ losses }) => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const none = (x: number[], label: number, options: object) =>
    withGrad(losses, Float64Array.from(x), Int32Array.of(label), { classes: x.length, reduction: "none", ...options });

  test("ignored rows and rows that count for nothing are 0, whatever they hold", () => {
    for (const options of [{ temperature: 2 }, { softCap: 5 }, { gamma: 2 }]) {
      for (const [label, weight] of [
        [-100, undefined],
        [1, Float64Array.of(1, 0, 1)],
      ] as const) {
        const { loss, grad } = none([nan, 1, inf], label, { ...options, weight });
        expect(numbersOf(loss)[0]).toBe(0);
        expectSame(grad, [0, 0, 0], "gradient");
      }
    }
    // z-loss knows no class weights
    const { loss } = none([1, 2, 3], 1, { weight: Float64Array.of(1, 0, 1), zLoss: 0.5 });
    expect(numbersOf(loss)[0]).toBeCloseTo(0.5 * 3.4076059644443806 ** 2, 12);
    expect(numbersOf(none([1, 2, 3], -100, { zLoss: 0.5 }).loss)[0]).toBe(0);
  });

  test("logits that are not finite", () => {
    for (const options of [{ temperature: 2 }, { gamma: 2 }, { zLoss: 0.1 }]) {
      for (const row of [
        [nan, 1, 2],
        [inf, 1, 2],
        [-inf, -inf, -inf],
      ]) {
        const { loss, grad } = none(row, 1, options);
        expect(numbersOf(loss)[0]).toBeNaN();
        expect(grad.every(Number.isNaN)).toBe(true);
      }
    }
    expect(numbersOf(none([1, -inf, 2], 1, { temperature: 2 }).loss)[0]).toBe(inf);
    expect(numbersOf(none([1, -inf, 2], 1, { gamma: 2 }).loss)[0]).toBe(inf);
    const absent = none([1, -inf, 2], 0, { temperature: 2 });
    const without = none([1, 2], 0, { temperature: 2 });
    expect(numbersOf(absent.loss)[0]).toBe(numbersOf(without.loss)[0]);
    expectSame(absent.grad, [without.grad[0], 0, without.grad[1]], "gradient");
  });

  test("capped, -inf is -softCap and +inf is softCap", () => {
    const capped = none([-inf, 1, inf], 1, { softCap: 4 });
    const wanted = none([-4e4, 1, 4e4], 1, { softCap: 4 });
    expectSame(numbersOf(capped.loss), numbersOf(wanted.loss), "loss");
    expectSame(capped.grad, wanted.grad, "gradient");
    expect(numbersOf(none([-inf, -inf], 0, { softCap: 4 }).loss)[0]).toBe(Math.LN2);
    expect(numbersOf(none([-inf, nan], 0, { softCap: 4 }).loss)[0]).toBeNaN();
  });

  test("far beyond the cap a logit has slope 0; a cap beyond all logits is none", () => {
    const { grad } = none([1e6, 1, -2], 1, { softCap: 0.5 });
    expect(Object.is(Math.abs(grad[0]), 0)).toBe(true);
    expect(Math.abs(grad[1])).toBeGreaterThan(1e-3);
    const [capped, plain] = [{ softCap: Number.MAX_VALUE }, {}].map((options) => none([1, 2, 4], 0, options));
    expectClose(numbersOf(capped.loss), numbersOf(plain.loss), () => 2 ** -48, "loss");
    expectClose(capped.grad, plain.grad, () => 2 ** -48, "gradient");
  });

  test("a label without a doubt has loss and gradient 0 where its others' share is 0", () => {
    for (const gamma of [0.5, 2]) {
      const { loss, grad } = none([3000, 0, 0], 0, { gamma });
      expect(numbersOf(loss)[0]).toBe(0);
      expectSame(grad.map(Math.abs), [0, 0, 0], "gradient");
    }
  });

  test("no rows", () => {
    const { loss, grad } = withGrad(losses, new Float32Array(0), new Int32Array(0), { classes: 3, temperature: 2 });
    expect(loss).toBeNaN();
    expect(grad.length).toBe(0);
    const sparse = { indices: new Int32Array(0), probabilities: new Float32Array(0) };
    expect(lossOf(losses, new Float32Array(0), sparse, { classes: 3, reduction: "sum" })).toBe(0);
  });
});

describe("bad input", () => {
  const [{ losses }] = exact;
  const x = new Float32Array(12);
  const labels = new Int32Array(4);
  const sparse = { indices: Int32Array.of(0, 1, 2, 0), probabilities: new Float32Array(4) };
  test.each<[Targets, object, new () => Error, string]>([
    [labels, { temperature: 0 }, RangeError, "temperature is 0, but must be above 0 and below Infinity"],
    [labels, { temperature: 1e-310 }, RangeError, "temperature is 1e-310, but its inverse must be finite"],
    [
      labels,
      { softCap: 1e308, temperature: 0.5 },
      RangeError,
      "softCap is 1e+308, but temperature is 0.5: their quotient is infinite",
    ],
    [labels, { softCap: -1 }, RangeError, "softCap is -1, but must be above 0 and below Infinity"],
    [labels, { zLoss: -1 }, RangeError, "zLoss is -1, but must be at least 0 and below Infinity"],
    [labels, { gamma: Number.NaN }, RangeError, "gamma is NaN, but must be at least 0 and below Infinity"],
    [labels, { gamma: "2" }, TypeError, "gamma must be a number, but is a string"],
    [x, { gamma: 2 }, TypeError, "gamma is 2, but targets are no labels"],
    [sparse, { gamma: 2 }, TypeError, "gamma is 2, but targets are no labels"],
    ...(["temperature", "softCap", "zLoss", "gamma"] as const).map(
      (option): [Targets, object, new () => Error, string] => [
        labels,
        { [option]: 2, input: "probabilities" },
        TypeError,
        `${option} is 2, but input is "probabilities" (allowed with "logits")`,
      ],
    ),
    [sparse, { input: "logProbabilities" }, TypeError, 'input is "logProbabilities", but targets are sparse'],
    [sparse, { inner: 2 }, TypeError, "inner is 2, but targets are sparse (allowed 1)"],
    [
      { indices: new Int32Array(2), probabilities: new Float32Array(2) },
      { inner: 2 },
      TypeError,
      "inner is 2, but targets are sparse (allowed 1)",
    ],
    [{ ...sparse, indices: [0, 1, 2, 0] as never }, {}, TypeError, "indices must be an Int32Array, but is an Array"],
    [
      { ...sparse, indices: Int32Array.of(0, 1, 3, 0) },
      {},
      RangeError,
      "indices[2] is 3, but classes is 3 (allowed 0..2)",
    ],
    [{ ...sparse, indices: Int32Array.of(0, -100, 1, 0) }, {}, RangeError, "indices[1] is -100, but classes is 3"],
    [{ ...sparse, indices: new Int32Array(8) }, {}, RangeError, "probabilities has length 4, but indices has 8"],
    [
      { indices: new Int32Array(6), probabilities: new Float32Array(6) },
      {},
      RangeError,
      "indices has length 6, but must have as many of each row, and logits has 4",
    ],
    [{ ...sparse, probabilities: new Float64Array(4) }, {}, TypeError, "probabilities is a Float64Array, but logits"],
  ])("%o with %o", (targets, options, type, message) => {
    for (const call of [lossOf, withGrad]) {
      const run = () => call(losses, x, targets, { classes: 3, ...options });
      expect(run).toThrow(type);
      expect(run).toThrow(message);
    }
  });

  test("one logit a row is another loss's", () => {
    const one = new Float32Array(4);
    const of = (targets: Targets) => () => lossOf(losses, one, targets, { classes: 1, temperature: 2 });
    expect(of(Int32Array.of(0, 0, 1, 0))).toThrow("labels[2] is 1, but classes is 1");
    expect(of(Int32Array.of(0, 0, 1, 0))).toThrow("binaryCrossEntropy");
    expect(of(Float32Array.of(1, 1, 0.5, 1))).toThrow("probabilities[2] is 0.5, but classes is 1 (allowed 1)");
    const sparse = { indices: new Int32Array(4), probabilities: Float32Array.of(1, 0.25, 1, 1) };
    expect(of(sparse)).toThrow("probabilities[1] is 0.25, but classes is 1 (allowed 1)");
    sparse.probabilities[1] = 1;
    expect(of(sparse)()).toBe(0);
    expect(of(new Int32Array(4))()).toBe(0);
  });
});

// ------------------------------------------------------------------------------------------------------------ golden

interface Golden {
  dtype: "f32" | "f64";
  rows: number;
  classes: number;
  inner: number;
  options: Options;
  logits: number[];
  labels: number[];
  weight: number[] | null;
  sampleWeight: number[] | null;
  none: number[];
  sum: number;
  mean: number;
  grad_mean: number[];
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL("./fixtures/crossEntropyOptions.json", import.meta.url), "utf8"),
);

test.each(opened)("what PyTorch computes, $name", ({ losses }) => {
  for (const { dtype: name, classes, inner, options, logits, labels, weight, sampleWeight, ...wanted } of golden) {
    const dtype = name === "f32" ? "float32" : "float64";
    const [x, y] = [floats(dtype, logits), Int32Array.from(labels)];
    const all = {
      ...options,
      classes,
      inner,
      ...(weight && { weight: floats(dtype, weight) }),
      ...(sampleWeight && { sampleWeight: floats(dtype, sampleWeight) }),
    };
    const within = (dtype === "float32" ? 1e-6 : 1e-13) * Math.max(1, ...wanted.none.map(Math.abs));
    const where = JSON.stringify(options);
    expectClose(numbersOf(lossOf(losses, x, y, { ...all, reduction: "none" })), wanted.none, () => within, where);
    const { loss, grad } = withGrad(losses, x, y, all);
    expectClose(numbersOf(loss), [wanted.mean], () => within, where);
    expectClose(grad, wanted.grad_mean, () => within, `gradient, ${where}`);
  }
});
