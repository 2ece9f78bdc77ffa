/** A mask and groups of binary evaluations and regressions: against the rows that are left, and plain sums by the definitions. */
import { Decimal } from "decimal.js";
import { describe, expect, test } from "vitest";
import { decodeBinary, encodeBinary } from "../src/evaluate/binary/binaryState.ts";
import { MAXIMAL_GROUPS } from "../src/evaluate/groups.ts";
import { decodeRegression, encodeRegression } from "../src/evaluate/regression.ts";
import {
  type BesideOptions,
  bfloat16,
  binaryOf,
  comparisonOf,
  evaluationOf,
  float16,
  type LogitsArray,
  mergeStates,
  regressionEvaluator,
  regressionOf,
} from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { bfloat16Value, type FloatArray, float16Value, integer, mulberry32, normal } from "./inputs.ts";
import { exactSum } from "./oracle.ts";

const opened = await openThreaded();
type Losses = (typeof opened)[number]["losses"];

/** An evaluation of one prediction a row. */
interface Adding {
  add(predictions: LogitsArray, targets: FloatArray, options?: BesideOptions): void;
  result(): object;
  state(): Uint8Array;
}

interface Kind {
  start(losses: Losses): Adding;
  /** Of a state. */
  read(state: Uint8Array): object;
  /** A row's prediction, its target, and its loss by the definition. */
  row(random: () => number): readonly [prediction: number, target: number];
  lossOf(prediction: number, target: number): number;
  /** Sum of rows' losses, error and interval. */
  figures(result: object): { mean: number; error: number | undefined; interval: readonly number[] | undefined };
  /** All rows, and those that count. */
  readonly counts: readonly [all: string, counted: string];
  /** What no row that counts may be. */
  readonly odd: readonly [prediction: number, target: number];
}

const binary = (input: "logits" | "probabilities"): Kind => ({
  start: (losses) => losses.binaryEvaluator({ input }),
  read: binaryOf,
  row: (random) => [input === "logits" ? 3 * normal(random) : random(), Math.round(random())],
  lossOf(x, t) {
    const p = input === "logits" ? 1 / (1 + Math.exp(-x)) : x;
    return -(t * Math.log(p) + (1 - t) * Math.log1p(-p));
  },
  figures(result) {
    const { mean, clusteredStandardError, interval } = (result as ReturnType<typeof binaryOf>).loss;
    return { mean, error: clusteredStandardError, interval };
  },
  counts: ["rows", "counted"],
  odd: [input === "logits" ? Number.NaN : 7, 99],
});

const mse: Kind = {
  start: (losses) => losses.regressionEvaluator(),
  read: regressionOf,
  row(random) {
    const target = 10 * normal(random);
    return [target + normal(random), target];
  },
  lossOf: (x, t) => (x - t) ** 2,
  figures(result) {
    const { mse: mean, clusteredStandardError: error, interval } = result as ReturnType<typeof regressionOf>;
    return { mean, error, interval };
  },
  counts: ["elements", "count"],
  odd: [Number.NaN, Number.POSITIVE_INFINITY],
};

const kinds: Record<string, Kind> = {
  "binary, logits": binary("logits"),
  "binary, probabilities": binary("probabilities"),
  mse,
};

/** sqrt(G / (G - 1) Σ S^2) / n, S = Σ (l - m) of a group. */
function clusteredError(losses: readonly number[], ids: readonly (number | bigint)[]): number {
  const mean = exactSum(losses) / losses.length;
  const groups = new Map<number | bigint, number[]>();
  for (const [i, loss] of losses.entries()) groups.set(ids[i], [...(groups.get(ids[i]) ?? []), loss - mean]);
  const squares = [...groups.values()].map((deviations) => exactSum(deviations) ** 2);
  return Math.sqrt((groups.size / (groups.size - 1)) * exactSum(squares)) / losses.length;
}

/** Rows of a kind; those that the mask leaves out are odd. */
function rowsOf({ row, odd }: Kind, n: number, seed: number) {
  const random = mulberry32(seed);
  const mask = Array.from({ length: n }, () => random() < 0.7);
  const all = mask.map((it) => (it ? row(random) : odd));
  const groups = mask.map((it) => (it ? integer(random, Math.ceil(n / 7)) - 3 : 1e9 + integer(random, 1e9)));
  return { mask, groups, x: all.map(([x]) => x), t: all.map(([, t]) => t) };
}

/** Those that a mask leaves. */
const left = <T>(values: readonly T[], mask: readonly boolean[]) => values.filter((_, i) => mask[i]);

const n = 611;

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  const { mask, groups, x, t } = rowsOf(kind, n, 5);
  const [rows, counted] = kind.counts;

  describe.each(opened)("$name", ({ losses }) => {
    const evaluate = (predictions: LogitsArray, targets: FloatArray, options?: BesideOptions) => {
      const it = kind.start(losses);
      it.add(predictions, targets, options);
      expect(kind.read(it.state())).toEqual(it.result());
      return it.result();
    };

    const ids = BigInt64Array.from(groups, BigInt);
    const bytes = Uint8Array.from(mask, Number);
    test.each<[string, BesideOptions["mask"], BesideOptions["groups"]]>([
      ["booleans and plain integers", mask, groups],
      ["bytes and int32", bytes, Int32Array.from(groups)],
      ["int64", BigInt64Array.from(mask, (it) => -3n * BigInt(it)), ids],
      ["tensors", { data: bytes, dims: [13, 47], type: "bool" }, { data: ids, dims: [n, 1], type: "int64" }],
    ])("a mask leaves rows out, groups are clusters: %s", (__, givenMask, givenGroups) => {
      for (const arrayOf of [Float32Array, Float64Array]) {
        const kept = [left(x, mask), left(t, mask)].map((values) => arrayOf.from(values)) as [FloatArray, FloatArray];
        const own = left(groups, mask);
        const [p, targets] = [arrayOf.from(x), arrayOf.from(t)];
        const got = evaluate(p, targets, { mask: givenMask, groups: givenGroups });
        expect(got).toEqual({ ...evaluate(...kept, { groups: own }), [rows]: n });
        expect(got).toMatchObject({ [rows]: n, [counted]: own.length });
        expect(evaluate(p, targets, { mask: givenMask })).toEqual({ ...evaluate(...kept), [rows]: n });

        const each = Array.from(kept[0], (v, i) => kind.lossOf(v, kept[1][i]));
        const { mean, error, interval } = kind.figures(got);
        const wanted = clusteredError(each, own);
        const off = arrayOf === Float32Array && kind === mse ? 1e-6 : 1e-12;
        expect(Math.abs(error! / wanted - 1)).toBeLessThan(off);
        expect(interval).toEqual([mean - 1.959964 * error!, mean + 1.959964 * error!]);
      }
    });

    test("a mask of ones, or none, changes nothing, and rows that are all left out count for nothing", () => {
      const [p, targets] = [Float64Array.from(left(x, mask)), Float64Array.from(left(t, mask))];
      const states = [
        undefined,
        {},
        { mask: new Array(p.length).fill(true) },
        { mask: undefined, groups: undefined },
      ].map((options) => {
        const it = kind.start(losses);
        it.add(p, targets, options);
        return it.state();
      });
      for (const state of states) expect(state).toEqual(states[0]);
      // what a mask left out is but one count
      const it = kind.start(losses);
      it.add(p, targets);
      it.add(Float64Array.from(x), Float64Array.from(t), { mask: new Uint8Array(n) });
      expect(it.result()).toEqual({ ...kind.read(states[0]), [rows]: p.length + n });
      expect(it.state().length).toBeLessThanOrEqual(states[0].length + 4);
    });

    test("half precision", () => {
      const bits = Uint16Array.from(x, (v) =>
        Number.isNaN(v) ? 0x7e00 : 0x3000 + (Math.abs(Math.round(700 * v)) % 2000),
      );
      for (const [of, value] of [
        [float16, float16Value],
        [bfloat16, bfloat16Value],
      ] as const) {
        const wide = Float32Array.from(bits, value);
        const targets = (kind === mse ? of(bits.toReversed()) : Float32Array.from(t)) as FloatArray;
        const wideTargets = kind === mse ? wide.toReversed() : Float32Array.from(t);
        expect(evaluate(of(bits), targets, { mask, groups })).toEqual(evaluate(wide, wideTargets, { mask, groups }));
      }
    });
  });

  test("any partition, order, backend and number of threads gives the same bytes", () => {
    const random = mulberry32(9);
    const [p, targets] = [Float32Array.from(x), Float32Array.from(t)];
    const whole = kind.start(opened[0].losses);
    whole.add(p, targets, { mask, groups });
    for (let i = 0; i < 40; i++) {
      const order = Array.from({ length: n }, (_, row) => ({ row, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);
      const states: Uint8Array[] = [];
      for (let at = 0; at < n; ) {
        const part = kind.start(opened[integer(random, opened.length)].losses);
        for (let batches = integer(random, 3); batches >= 0; batches--) {
          const chosen = order.slice(at, at + integer(random, 200));
          at += chosen.length;
          part.add(
            Float32Array.from(chosen, (row) => p[row]),
            Float32Array.from(chosen, (row) => targets[row]),
            { mask: chosen.map((row) => mask[row]), groups: BigInt64Array.from(chosen, (row) => BigInt(groups[row])) },
          );
        }
        states.push(part.state());
      }
      expect(Buffer.compare(mergeStates(...states), whole.state()), `partition ${i}`).toBe(0);
    }
  });

  test("what is wrong is one line, and nothing is added", () => {
    const [p, targets] = [new Float32Array(2), new Float32Array(2)];
    const grouped = kind.start(opened[0].losses);
    grouped.add(p, targets, { groups: [1, 2] });
    const plain = kind.start(opened[0].losses);
    plain.add(p, targets);
    // of every add or of some: rows that are left out are left out
    plain.add(p, targets, { mask: [true, false] });
    const many = new Float32Array(MAXIMAL_GROUPS + 1);
    for (const [it, given, options, error] of [
      [plain, p, { mask: [true] }, new RangeError("add: mask has length 1, but predictions has 2")],
      [plain, p, { mask: [1, true] }, new TypeError("add: mask[0] must be a boolean as others are, but is a number")],
      [
        plain,
        p,
        { mask: Float32Array.of(1, 1) },
        new TypeError("add: mask must be an integer typed array, but is a Float32Array"),
      ],
      [grouped, p, { groups: [1, 2, 3] }, new RangeError("add: groups has length 3, but predictions has 2")],
      [grouped, p, { groups: [0.5, 1] }, new TypeError("add: groups[0] must be an integer, but is 0.5")],
      [grouped, p, {}, new TypeError("add: groups must go with every add or with none, but is missing")],
      [
        plain,
        p,
        { groups: [1, 2] },
        new TypeError("add: groups must go with every add or with none, but earlier ones had none"),
      ],
      [plain, p, { source: "a.npy", groups: [1] }, /^a\.npy: /],
      [plain, p, { weight: 1 }, "add: weight is no option"],
      [
        grouped,
        many,
        { source: "t.npy", groups: Int32Array.from(many, (_, i) => i) },
        new RangeError(`t.npy: groups are more than ${MAXIMAL_GROUPS}, which is as many as can be told apart`),
      ],
    ] as [Adding, Float32Array, BesideOptions, Error][]) {
      const before = it.state();
      expect(() => it.add(given, given === p ? targets : many, options)).toThrow(error);
      expect(it.state()).toEqual(before);
    }
    const parts = [grouped.state(), plain.state()];
    expect(() => mergeStates(...parts)).toThrow(
      new RangeError("mergeStates: states[1] has no groups, but states[0] has"),
    );
    expect(() => mergeStates(...parts.reverse())).toThrow(new RangeError("states[0] has no groups, but states[1] has"));
    // of no rows nothing is missing
    const none = kind.start(opened[0].losses).state();
    expect(mergeStates(none, grouped.state())).toEqual(mergeStates(grouped.state(), none));
    expect(kind.read(mergeStates(none, grouped.state()))).toEqual(grouped.result());
  });

  test("an add of no rows says nothing", () => {
    const none = new Float32Array();
    const [p, targets] = [Float32Array.of(0.25, 0.5), Float32Array.of(0, 1)];
    for (const own of [{ groups: [3, 4] }, {}]) {
      const it = kind.start(opened[0].losses);
      it.add(p, targets, own);
      const wanted = it.state();
      for (const empty of [{ groups: [] }, {}]) {
        it.add(none, none, empty);
        expect(it.state()).toEqual(wanted);
        const late = kind.start(opened[0].losses);
        late.add(none, none, empty);
        late.add(p, targets, own);
        expect(late.state()).toEqual(wanted);
      }
    }
  });

  test("states that are altered are refused", () => {
    const it = kind.start(opened[0].losses);
    it.add(Float32Array.from(x), Float32Array.from(t), { mask, groups });
    const state = it.state();
    for (let at = 0; at < state.length; at += 7) {
      const altered = state.slice();
      altered[at] ^= 1 << (at % 8);
      expect(() => kind.read(altered), `byte ${at}`).toThrow(RangeError);
    }
    const edited = (edit: (totals: Pick<ReturnType<typeof decodeBinary>, "ignored" | "groups">) => void) => {
      const [decode, encode] = kind === mse ? [decodeRegression, encodeRegression] : [decodeBinary, encodeBinary];
      const totals = decode(state, "state");
      edit(totals);
      return (encode as (totals: object) => Uint8Array)(totals);
    };
    expect(() => kind.read(edited(({ groups }) => groups!.add(5, 0, 1, () => expect.unreachable())))).toThrow(
      "has groups that do not add up to the weights",
    );
    expect(() => kind.read(edited(({ groups }) => groups!.add(5, 1, 0, () => expect.unreachable())))).toThrow(
      "has groups that do not add up to the loss",
    );
    expect(() =>
      kind.read(
        edited((totals) => {
          totals.ignored = Number.MAX_SAFE_INTEGER;
        }),
      ),
    ).toThrow("has ignored rows 9007199254740991, but at most");
    const half = edited((totals) => {
      totals.ignored = 2 ** 52;
    });
    expect(() => mergeStates(half, half)).toThrow(/^mergeStates: states\[1\] has \d+ (rows|elements) besides \d+/);
  });
});

test("one error of a regression may be tiny or huge: squares below and above all float64", () => {
  const Exact = Decimal.clone({ precision: 1500, toExpNeg: -9e15, toExpPos: 9e15 });
  const sum = (values: readonly Decimal[]) => values.reduce((a, b) => a.plus(b), new Exact(0));
  for (const size of [2 ** -600, 2 ** -500, 1, 2 ** 470]) {
    // differences and their squares are exact
    const errors = [3, -1, 0, 2, 5, 1, 0, 4].map((d) => d * size);
    const ids = [1, 1, 2, 2, 2, -3, -3, 2 ** 40];
    for (const make of [() => opened[0].losses.regressionEvaluator(), regressionEvaluator]) {
      const evaluator = make();
      evaluator.add(Float64Array.from(errors), new Float64Array(errors.length), { groups: ids });
      expect(regressionOf(evaluator.state())).toEqual(evaluator.result());
      const squares = errors.map((d) => new Exact(d).times(d));
      const mean = sum(squares).div(squares.length);
      const groups = [...new Set(ids)].map((id) =>
        sum(squares.flatMap((s, i) => (ids[i] === id ? s.minus(mean) : []))),
      );
      const wanted = sum(groups.map((s) => s.times(s)))
        .times(groups.length)
        .div(groups.length - 1)
        .sqrt()
        .div(squares.length);
      const got = evaluator.result().clusteredStandardError!;
      // below the normal range digits are lost
      expect(Math.abs(got - wanted.toNumber())).toBeLessThanOrEqual(2 ** -50 * got + 5e-324);
      if (size >= 2 ** -500) expect(got).toBeGreaterThan(0);
    }
  }
});

describe("losses and weights that add up to more than a float64", () => {
  const x = Float64Array.of(1.7e308, 1.7e308, 1e300, 1.7e308, -3, 1.7e308);
  const groups = Int32Array.of(1, 1, 2, 1, 2, 1);
  // of two classes, label 0: the loss is x
  const logits = Float64Array.from([...x].flatMap((it) => [0, it]));
  const weight = Float64Array.of(1.7e308, 1);
  const added: Record<string, (losses: Losses, from: number, to: number) => Uint8Array> = {
    binary(losses, from, to) {
      const it = losses.binaryEvaluator();
      it.add(x.subarray(from, to), new Int32Array(to - from), { groups: groups.subarray(from, to) });
      return it.state();
    },
    comparison(losses, from, to) {
      const it = losses.comparison({ classes: 2 });
      const [base, other] = [logits, logits.toReversed()].map((it) => it.subarray(2 * from, 2 * to));
      it.add(base, other, new Int32Array(to - from), { groups: groups.subarray(from, to) });
      return it.state();
    },
    evaluator(losses, from, to) {
      const it = losses.evaluator({ classes: 2, weight, fitTemperature: true });
      it.add(
        logits.subarray(2 * from, 2 * to),
        Int32Array.from(groups.subarray(from, to), (id) => 2 - id),
        {
          groups: groups.subarray(from, to),
        },
      );
      return it.state();
    },
  };
  const reads: Record<string, (state: Uint8Array) => object> = {
    binary: binaryOf,
    comparison: comparisonOf,
    evaluator: evaluationOf,
  };
  test.each(Object.entries(added))("%s: in any parts", (name, stateOf) => {
    for (const { losses } of opened) {
      const whole = stateOf(losses, 0, 6);
      expect(reads[name](whole)).toBeTypeOf("object");
      const parts = [0, 1, 2, 3, 4, 5].map((i) => stateOf(losses, i, i + 1));
      expect(mergeStates(...parts)).toEqual(whole);
      expect(mergeStates(stateOf(losses, 3, 6), stateOf(losses, 0, 3))).toEqual(whole);
    }
  });
});

test("losses that are infinite or NaN have no clustered error", () => {
  for (const [x, t] of [
    [
      [Number.NaN, 1],
      [1, 1],
    ],
    [
      [Number.POSITIVE_INFINITY, 1],
      [0, 1],
    ],
  ]) {
    for (const { start, figures } of [kinds["binary, logits"], mse]) {
      const it = start(opened[0].losses);
      it.add(Float64Array.from(x), Float64Array.from(t), { groups: [1, 2] });
      expect(figures(it.result()).error).toBeNaN();
    }
  }
});
