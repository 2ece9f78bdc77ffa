import { describe, expect, test } from "vitest";
import { decodeBinary, encodeBinary } from "../src/evaluate/binary/binaryState.ts";
import { binaryOf, float16, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { dtypes, floats, mulberry32, normal } from "./inputs.ts";
import { exactSum } from "./oracle.ts";

const opened = await openThreaded();
const { losses } = opened[0];

/** In plain float64, by the definitions. */
function oracle(x: readonly number[], t: readonly number[], input: "logits" | "probabilities", bins: number) {
  const n = x.length;
  const p = x.map((v) => (input === "logits" ? 1 / (1 + Math.exp(-v)) : v));
  const each = x.map((v, i) => {
    if (input === "probabilities") {
      return -((t[i] === 0 ? 0 : t[i] * Math.log(v)) + (t[i] === 1 ? 0 : (1 - t[i]) * Math.log1p(-v)));
    }
    const tail = Math.log1p(Math.exp(-Math.abs(v)));
    return t[i] * (Math.max(-v, 0) + tail) + (1 - t[i]) * (Math.max(v, 0) + tail);
  });
  const mean = exactSum(each) / n;
  const right = p.map((q, i) => q > 0.5 === t[i] > 0.5);
  const confidence = p.map((q) => Math.max(q, 1 - q));
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const inside = confidence.flatMap((c, i) => (Math.ceil(c * bins) - 1 === bin ? [i] : []));
    error += Math.abs(exactSum(inside.map((i) => Number(right[i]) - confidence[i])));
  }
  return {
    mean,
    standardError: Math.sqrt(exactSum(each.map((l) => (l - mean) ** 2)) / n / (n - 1)),
    accuracy: right.filter(Boolean).length / n,
    brier: exactSum(p.map((q, i) => (q - t[i]) ** 2)) / n,
    expectedError: error / n,
  };
}

describe.each(["logits", "probabilities"] as const)("%s", (input) => {
  test.each(dtypes)("of %s, with labels and with targets between", (dtype) => {
    const random = mulberry32(1);
    const n = 500;
    const x = floats(
      dtype,
      Array.from({ length: n }, () => (input === "logits" ? 3 * normal(random) : random())),
    );
    const labels = Int32Array.from({ length: n }, () => Math.round(random()));
    const between = floats(
      dtype,
      Array.from({ length: n }, () => random()),
    );
    for (const targets of [labels, between, Array.from(labels), BigInt64Array.from(labels, BigInt)]) {
      const evaluator = losses.binaryEvaluator({ input, bins: 9 });
      evaluator.add(x, targets);
      const it = evaluator.result();
      const wanted = oracle(Array.from(x), Array.from(targets as ArrayLike<number>, Number), input, 9);
      const found = {
        mean: it.loss.mean,
        standardError: it.loss.standardError,
        accuracy: it.accuracy,
        brier: it.brier,
        expectedError: it.calibration.expectedError,
      };
      for (const [key, value] of Object.entries(wanted)) {
        expect(Math.abs(found[key as keyof typeof found] - value), key).toBeLessThan(1e-12);
      }
    }
  });
});

test("its limits: sure and right is 0, sure and wrong infinite, NaN is counted", () => {
  const of = (x: number[], t: number[], input?: "probabilities") => {
    const evaluator = losses.binaryEvaluator({ input });
    evaluator.add(Float64Array.from(x), t);
    return evaluator.result();
  };
  expect(of([Infinity, -Infinity], [1, 0])).toMatchObject({ accuracy: 1, brier: 0, loss: { sum: 0 } });
  expect(of([Infinity], [0]).loss.mean).toBe(Number.POSITIVE_INFINITY);
  expect(of([1, 0], [1, 0], "probabilities").loss.sum).toBe(0);
  expect(of([0], [1], "probabilities").loss.sum).toBe(Number.POSITIVE_INFINITY);
  expect(of([Number.NaN, 1], [1, 1])).toMatchObject({ rows: 2, nan: 1, accuracy: 0.5, loss: { mean: Number.NaN } });
  expect(of([40], [1]).loss.mean).toBeCloseTo(Math.exp(-40), 30);
  expect(of([], []).loss.mean).toBeNaN();
  expect(of([0], [0])).toMatchObject({ accuracy: 1 });
});

test("states are the same for any partition, merge, and refuse what is altered", () => {
  const random = mulberry32(2);
  const n = 200;
  const x = Float32Array.from({ length: n }, () => 5 * normal(random));
  x[7] = Number.NaN;
  x[8] = Number.POSITIVE_INFINITY;
  const t = Int32Array.from({ length: n }, () => Math.round(random()));
  const whole = losses.binaryEvaluator();
  whole.add(x, t);
  const state = whole.state();
  for (let i = 0; i < 50; i++) {
    const order = Array.from({ length: n }, (_, row) => ({ row, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ row }) => row);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < n; ) {
      const chosen = order.slice(at, at + 1 + Math.floor(random() * 90));
      const evaluator = opened[Math.floor(random() * opened.length)].losses.binaryEvaluator();
      evaluator.add(
        Float32Array.from(chosen, (row) => x[row]),
        chosen.map((row) => t[row]),
      );
      parts.push(evaluator.state());
      at += chosen.length;
    }
    expect(Buffer.compare(mergeStates(...parts), state), `partition ${i}`).toBe(0);
  }
  expect(binaryOf(state)).toEqual(whole.result());
  for (let at = 0; at < state.length; at++) {
    const altered = state.slice();
    altered[at] ^= 1 << (at % 8);
    expect(() => binaryOf(altered), `byte ${at}`).toThrow(RangeError);
  }
  for (const edit of [{ rows: 3 }, { nan: 2 }, { correct: 0 }]) {
    expect(() => binaryOf(encodeBinary({ ...decodeBinary(state, "state"), ...edit }))).toThrow(RangeError);
  }
  expect(() => mergeStates(state, losses.binaryEvaluator({ bins: 3 }).state())).toThrow(
    "states[1] has bins 3, but 15 is that of states[0]",
  );
});

test("half precision, and what is wrong", () => {
  const evaluator = losses.binaryEvaluator();
  evaluator.add(float16(Uint16Array.of(0x3c00, 0xbc00)), [1, 0]);
  expect(evaluator.result().loss.mean).toBeCloseTo(Math.log1p(Math.exp(-1)), 14);
  const x = new Float32Array(2);
  for (const [args, message] of [
    [[x, [1]], "add: targets has length 1, but predictions has 2"],
    [[x, [1, 2]], "add: targets[1] is 2, but must be 0 or 1"],
    [[x, Float32Array.of(1, 1.5)], "add: targets[1] is 1.5, but must be from 0 to 1"],
    [["x", [1]], "add: predictions must be"],
  ] as const) {
    expect(() => evaluator.add(...(args as unknown as [Float32Array, number[]]))).toThrow(message);
  }
  const ofProbabilities = losses.binaryEvaluator({ input: "probabilities" });
  expect(() => ofProbabilities.add(Float32Array.of(1.5), [1])).toThrow(
    "add: predictions[0] is 1.5, but must be from 0 to 1",
  );
  expect(() => losses.binaryEvaluator({ input: "logProbabilities" as never })).toThrow("input");
  expect(() => losses.binaryEvaluator({ topK: 1 } as never)).toThrow("topK is no option");
});
