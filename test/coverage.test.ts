import { describe, expect, test } from "vitest";
import { withCoverage } from "../src/evaluate/state.ts";
import { binaryOf, comparisonOf, createLosses, evaluationOf, mergeStates, regressionOf } from "../src/index.node.ts";

const losses = await createLosses({ backend: "js" });

/** The state of rows [first, last] of the source whose key begins with `letter`, out of 100. */
function part(first: number, last: number, letter = "a"): Uint8Array {
  const evaluator = losses.evaluator({ classes: 2 });
  const n = last - first + 1;
  evaluator.add(
    Float32Array.from({ length: 2 * n }, (_, i) => (first + i) % 5),
    new Int32Array(n),
  );
  const source = {
    key: letter.repeat(64),
    name: `${letter}.npy`,
    total: 100,
    rows: [[first, last]] as [number, number][],
  };
  return withCoverage(evaluator.state(), [source]);
}

const rowsOf = (state: Uint8Array) => evaluationOf(state).coverage;

describe("states that know what they hold", () => {
  test("stretches join, in any order", () => {
    const whole = mergeStates(part(0, 9), part(10, 39), part(40, 99));
    expect(rowsOf(whole)).toEqual([{ source: "a.npy", rows: [[0, 99]] }]);
    expect(mergeStates(part(40, 99), part(0, 9), part(10, 39))).toEqual(whole);
    expect(mergeStates(mergeStates(part(0, 9), part(40, 99)), part(10, 39))).toEqual(whole);
    const gap = mergeStates(part(40, 99), part(0, 9));
    expect(rowsOf(gap)).toEqual([
      {
        source: "a.npy",
        rows: [
          [0, 9],
          [40, 99],
        ],
      },
    ]);
    expect(evaluationOf(whole).rows).toBe(100);
  });

  test("of several sources, each by itself", () => {
    const both = mergeStates(part(0, 9, "b"), part(0, 9, "a"), part(10, 19, "b"));
    expect(rowsOf(both)).toEqual([
      { source: "a.npy", rows: [[0, 9]] },
      { source: "b.npy", rows: [[0, 19]] },
    ]);
  });

  test("the same state counts once, also behind others", () => {
    const [a, b] = [part(0, 9), part(10, 19)];
    expect(mergeStates(a, a)).toEqual(a);
    expect(mergeStates(a, b, a, b)).toEqual(mergeStates(a, b));
  });

  test("rows that two hold are refused, and named", () => {
    expect(() => mergeStates(part(0, 9), part(20, 29), part(5, 24))).toThrow(
      new RangeError("mergeStates: states[2] holds rows 5..9 of a.npy, which states[0] holds too"),
    );
    expect(() => mergeStates(mergeStates(part(0, 9), part(10, 19)), part(0, 9))).toThrow(
      "mergeStates: states[1] holds rows 0..9 of a.npy, which states[0] holds too",
    );
  });

  test("with one that does not know, a merge adds up and knows nothing", () => {
    const evaluator = losses.evaluator({ classes: 2 });
    evaluator.add(Float32Array.of(1, 2), Int32Array.of(0));
    const merged = mergeStates(part(0, 9), evaluator.state(), part(10, 19));
    expect(rowsOf(merged)).toBeUndefined();
    expect(evaluationOf(merged).rows).toBe(21);
    expect(evaluationOf(mergeStates(evaluator.state(), evaluator.state())).rows).toBe(2);
  });

  test("impossible ones are refused", () => {
    const of = (rows: [number, number][], total = 100) =>
      withCoverage(part(0, 9), [{ key: "c".repeat(64), name: "c", total, rows }]);
    expect(() => evaluationOf(of([[0, 10]]))).toThrow("evaluationOf: state covers 11 rows, but holds 10");
    expect(() => evaluationOf(of([[0, 9]], 5))).toThrow(RangeError);
    const source = { key: "c".repeat(64), name: "c", total: 9, rows: [] };
    expect(() => evaluationOf(withCoverage(part(0, 9), [source, source]))).toThrow("has sources that do not rise");
  });

  const three = Float32Array.of(1, 2, 3);
  test.each<[string, () => Uint8Array, (state: Uint8Array) => number]>([
    [
      "regressions",
      () => {
        const evaluator = losses.regressionEvaluator();
        evaluator.add(three, Float32Array.of(1, 1, 1));
        return evaluator.state();
      },
      (state) => regressionOf(state).count,
    ],
    [
      "binary evaluations",
      () => {
        const evaluator = losses.binaryEvaluator();
        evaluator.add(three, [0, 1, 1]);
        return evaluator.state();
      },
      (state) => binaryOf(state).rows,
    ],
    [
      "comparisons, with lists of rows and groups",
      () => {
        const comparison = losses.comparison({ classes: 1, worst: 2 });
        comparison.add(three, three, [0, 0, 0], { groups: [1, 1, 2] });
        return comparison.state();
      },
      (state) => comparisonOf(state).rows,
    ],
    [
      "evaluations, with lists of rows and groups",
      () => {
        const evaluator = losses.evaluator({ classes: 1, worst: 2 });
        evaluator.add(three, [0, 0, 0], { groups: [1, 1, 2] });
        return evaluator.state();
      },
      (state) => evaluationOf(state).rows,
    ],
  ])("of %s, too", (_, stateOf, rowsOf) => {
    const source = { key: "0f".repeat(32), name: "p.npy", total: 6, rows: [[0, 2]] as [number, number][] };
    const state = withCoverage(stateOf(), [source]);
    expect(mergeStates(state, state)).toEqual(state);
    const rest = withCoverage(stateOf(), [{ ...source, rows: [[3, 5]] }]);
    expect(rowsOf(mergeStates(state, rest))).toBe(6);
    expect(mergeStates(state, rest, state)).toEqual(mergeStates(rest, state));
    expect(() => mergeStates(state, mergeStates(rest, state))).toThrow(
      "holds rows 0..2 of p.npy, which states[0] holds too",
    );
  });
});
