/** Masks, shifts and groups of comparisons: each against the rows that are left, or an obvious implementation. */
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeComparison, encodeComparison } from "../../src/evaluate/comparison/comparisonState.ts";
import { type CompareOptions, type Comparison, comparisonOf, mergeStates } from "../../src/index.node.ts";
import { openThreaded } from "../backends.ts";
import { figures, workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32, normal } from "../inputs.ts";

const opened = await openThreaded();
const { losses } = opened[0];

const [rows, classes, sequence] = [84, 6, 12];
const random = mulberry32(3);
const base = logitsOf(random, "float32", rows, classes) as Float32Array;
const other = base.map((x) => x + 0.3 * normal(random));
base[5 * classes] = Number.NaN;
const labels = labelsOf(random, rows, classes, -100);
const mask = Array.from({ length: rows }, (_, i) => i % 5 !== 2);
const groups = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / 4) - 3);

function compared(labels: Int32Array | undefined, options?: CompareOptions, worst = 0): Comparison {
  const comparison = losses.comparison({ classes, worst });
  comparison.add(base, other, labels, options);
  const it = comparison.result();
  expect(comparisonOf(comparison.state())).toEqual(it);
  return it;
}

describe("a mask", () => {
  const masked = labels.map((label, i) => (mask[i] ? label : -100));

  test("leaves rows out, whatever their labels are", () => {
    const anything = labels.map((label, i) => (mask[i] ? label : 99));
    const wanted = compared(masked, undefined, 7);
    for (const given of [mask, Uint8Array.from(mask, Number), BigInt64Array.from(mask, (it) => BigInt(it))]) {
      expect(compared(anything, { mask: given }, 7)).toEqual(wanted);
    }
  });

  test("goes without labels, too", () => {
    const kept = mask.flatMap((it, row) => (it ? [row] : []));
    const pick = (x: Float32Array) =>
      Float32Array.from(kept.flatMap((row) => Array.from(x.subarray(row * classes, (row + 1) * classes))));
    const comparison = losses.comparison({ classes });
    comparison.add(pick(base), pick(other));
    expect(compared(undefined, { mask })).toEqual({ ...comparison.result(), rows });
  });
});

describe("a shift", () => {
  const tokens = labels.map((label) => Math.max(label, 0));
  const scored = tokens.map((_, i) => ((i + 1) % sequence === 0 || !mask[i + 1] ? -100 : tokens[i + 1]));
  const { worse, better, ...wanted } = compared(scored, undefined, 6);
  const placed = (list: typeof worse) =>
    list!.map((it) => ({ ...it, sequence: Math.floor(it.row / sequence), position: it.row % sequence }));

  test("scores token t + 1 from position t; the mask is of tokens; rows are told by sequence and position", () => {
    const it = compared(tokens, { shift: sequence, mask }, 6);
    expect(it).toEqual({ ...wanted, worse: placed(worse), better: placed(better) });
  });

  test("of true is what the tensor says", () => {
    const tensor = (data: Float32Array) => ({ data, dims: [rows / sequence, sequence, classes], type: "float32" });
    const comparison = losses.comparison({ classes, worst: 6 });
    comparison.add(tensor(base), tensor(other), tokens, { shift: true, mask });
    expect(comparison.result()).toEqual({ ...wanted, worse: placed(worse), better: placed(better) });
    const evaluator = losses.evaluator({ classes, worst: 6 });
    const [flat, whole] = [losses.evaluator({ classes, worst: 6 }), tensor(other)];
    evaluator.add(whole, { data: tokens, dims: [rows / sequence, sequence], type: "int32" }, { shift: true, mask });
    flat.add(other, tokens, { shift: sequence, mask });
    expect(evaluator.state()).toEqual(flat.state());
    expect(losses.evaluate(whole, tokens, { worst: 6, classes, shift: true, mask })).toEqual(flat.result());
    for (const add of [
      () => comparison.add(base, other, tokens, { shift: true }),
      () => flat.add(other, tokens, { shift: true }),
    ]) {
      expect(add).toThrow(
        "add: shift is true, but logits are no tensor of a shape: it must be the positions of a sequence",
      );
    }
  });

  test("is the same in batches of whole sequences, and where they are numbered elsewhere", () => {
    const whole = losses.comparison({ classes, worst: 6 });
    whole.add(base, other, tokens, { shift: sequence, mask });
    const parts = [3, 0, 5].map((first, i) => {
      const [from, to] = [first * sequence, [5, 3, rows / sequence][i] * sequence];
      const part = losses.comparison({ classes, worst: 6 });
      part.add(
        base.subarray(from * classes, to * classes),
        other.subarray(from * classes, to * classes),
        tokens.subarray(from, to),
        {
          shift: sequence,
          mask: mask.slice(from, to),
          firstRow: from,
        },
      );
      return part.state();
    });
    expect(mergeStates(...parts)).toEqual(whole.state());
  });
});

/** sqrt(G / (G - 1) Σ S^2) / n, S = Σ (x - mean) of a group. */
function clusteredError(values: readonly number[], of: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sums = new Map<number, number>();
  for (const [i, x] of values.entries()) sums.set(of[i], (sums.get(of[i]) ?? 0) + x - mean);
  const squares = [...sums.values()].reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt((sums.size / (sums.size - 1)) * squares) / values.length;
}

describe("groups", () => {
  // without the row that holds a NaN
  const finite = labels.map((label, i) => (i === 5 ? -100 : label));
  const counted = [...finite.keys()].filter((row) => finite[row] !== -100);
  const lossesOf = (x: Float32Array) => losses.crossEntropy(x, finite, { classes, reduction: "none" });

  test("cluster the standard errors of what is paired", () => {
    const plain = compared(finite);
    const it = compared(finite, { groups });
    const [l, m] = [lossesOf(base), lossesOf(other)];
    const differences = counted.map((row) => m[row] - l[row]);
    const wanted = clusteredError(
      differences,
      counted.map((row) => groups[row]),
    );
    const { clusteredError: found, ...rest } = it.logPerplexityRatio!;
    expect(rest).toEqual(plain.logPerplexityRatio);
    expect(Math.abs(found! / wanted - 1)).toBeLessThan(1e-12);
    expect(it.perplexityRatio!.clusteredError).toBeCloseTo(it.perplexityRatio!.value * wanted, 12);
    const p = losses.softmax(base, { classes });
    const divergences = counted.map((row) =>
      losses.klDivergence(
        other.slice(row * classes, (row + 1) * classes),
        p.slice(row * classes, (row + 1) * classes),
        { classes },
      ),
    );
    const ofDivergence = clusteredError(
      divergences,
      counted.map((row) => groups[row]),
    );
    expect(Math.abs(it.divergence.mean.clusteredError! / ofDivergence - 1)).toBeLessThan(1e-4);
    expect(compared(undefined, { groups, mask: mask.map((_, i) => i !== 5) }).divergence.mean).toHaveProperty(
      "clusteredError",
    );
    // each row a group: as without, but for the n in place of n - 1
    const single = compared(finite, { groups: Int32Array.from({ length: rows }, (_, i) => i) }).logPerplexityRatio!;
    expect(single.clusteredError).toBeCloseTo(single.error, 12);
  });

  test("are there in every add and every state, or in none", () => {
    const comparison = losses.comparison({ classes });
    comparison.add(base, other, labels, { groups });
    expect(() => comparison.add(base, other, labels)).toThrow(
      new TypeError("add: groups must go with every add or with none, but are missing"),
    );
    const without = losses.comparison({ classes });
    without.add(base, other, labels);
    expect(() => without.add(base, other, labels, { groups })).toThrow(
      new TypeError("add: groups must go with every add or with none, but earlier ones had none"),
    );
    expect(() => mergeStates(comparison.state(), without.state())).toThrow(
      new RangeError("mergeStates: states[1] has no groups, but states[0] has"),
    );
    expect(mergeStates(comparison.state(), losses.comparison({ classes }).state())).toEqual(comparison.state());
    expect(comparison.result()).toEqual(compared(labels, { groups }));
    expect(() => comparison.add(base, other, labels, { groups: groups.subarray(1) })).toThrow(
      "add: groups has length 83, but base (in rows) has 84",
    );
  });

  test("one state for any partition, order, backend and threads; what is altered or forged is refused", () => {
    const whole = losses.comparison({ classes });
    whole.add(base, other, labels, { groups });
    const state = whole.state();
    const pick = (x: Float32Array, chosen: readonly number[]) =>
      Float32Array.from(chosen.flatMap((row) => Array.from(x.subarray(row * classes, (row + 1) * classes))));
    for (let i = 0; i < 60; i++) {
      const order = Array.from({ length: rows }, (_, row) => ({ row, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < rows; ) {
        const chosen = order.slice(at, at + 1 + Math.floor(random() * 40));
        const comparison = opened[Math.floor(random() * opened.length)].losses.comparison({ classes });
        comparison.add(
          pick(base, chosen),
          pick(other, chosen),
          Int32Array.from(chosen, (row) => labels[row]),
          { groups: BigInt64Array.from(chosen, (row) => BigInt(groups[row])) },
        );
        parts.push(comparison.state());
        at += chosen.length;
      }
      expect(Buffer.compare(mergeStates(...parts), state), `partition ${i}`).toBe(0);
    }
    for (let at = 0; at < state.length; at++) {
      const altered = state.slice();
      altered[at] ^= 1 << (at % 8);
      expect(() => comparisonOf(altered), `byte ${at}`).toThrow(RangeError);
    }
    const totals = decodeComparison(state, "state");
    const less = decodeComparison(state, "state").groups!;
    less.divergence.add(groups[0], 0, 1, () => expect.unreachable());
    expect(() => comparisonOf(encodeComparison({ ...totals, groups: less }))).toThrow(
      "has groups that do not add up to the weights",
    );
  });
});

test("what is wrong is named, and adds nothing", () => {
  const comparison = losses.comparison({ classes });
  const wrong: [labels: Int32Array | undefined, options: object, message: string][] = [
    [undefined, { shift: sequence }, "add: shift is of labels, but there are none"],
    [labels, { shift: 11 }, "add: labels has length 84, which is not a multiple of shift 11"],
    [labels, { mask: [true] }, "add: mask has length 1, but labels has 84"],
    [labels, { positions: 0 }, "add: positions is 0"],
    [labels, { firstRow: -1 }, "add: firstRow is -1"],
    [labels, { bytes: 3 }, "add: bytes is no option"],
    [labels.map((label, i) => (i === 40 ? 77 : label)), { source: "y.npy", firstRow: 100 }, "y.npy: labels[140] is 77"],
  ];
  for (const [given, options, message] of wrong) {
    expect(() => comparison.add(base, other, given, options)).toThrow(message);
  }
  expect(comparison.result()).toEqual(losses.comparison({ classes }).result());
});

describe("the command compare", () => {
  const { at, run, json } = workshop();
  const tokens = labels.map((label) => Math.max(label, 0));
  const shape = [rows / sequence, sequence];
  writeFileSync(at("base.npy"), npy(base, [...shape, classes]));
  writeFileSync(at("other.npy"), npy(Float64Array.from(other), [...shape, classes]));
  writeFileSync(at("tokens.npy"), npy(tokens, shape));
  writeFileSync(at("groups.npy"), npy(groups, [rows]));
  writeFileSync(at("mask.npy"), npy(Uint8Array.from(mask, Number), shape, "|b1"));
  writeFileSync(at("floats.npy"), npy(new Float32Array(rows), [rows]));

  test("takes --shift, --mask and --groups, and its states merge", () => {
    const comparison = losses.comparison({ classes, worst: 4 });
    comparison.add(base, Float64Array.from(other), tokens, { shift: sequence, mask, groups });
    const args = ["base.npy", "other.npy", "tokens.npy", "--shift", "--mask", "mask.npy", "--groups", "groups.npy"];
    const found = figures(json("compare", ...args, "--worst", "4", "--state", "all.acc"));
    const printed = (it: object) => JSON.parse(JSON.stringify(it, (_, x) => (Number.isNaN(x) ? "NaN" : x)));
    expect(found).toEqual(printed(comparison.result()));
    expect(json("merge", "all.acc")).toEqual({ ...found, coverage: [{ source: "base.npy", rows: [[0, rows - 1]] }] });
    const { stdout } = run("compare", ...args, "--worst", "4", "--report", "r.html");
    expect(stdout).toMatch(/^Mean KLD .* ± \S+ \(clustered ± \S+\)$/m);
    expect(stdout).toMatch(/^ *sequence {2,}position {2,}label /m);
    const unlabelled = json("compare", "base.npy", "other.npy", "--mask", "mask.npy");
    expect(unlabelled.counted).toBe(mask.filter(Boolean).length);
  });

  test.each([
    [["--mask", "floats.npy"], "floats.npy: a mask is f32, but must be integers", 1],
    [["--groups", "floats.npy"], "floats.npy: groups are f32, but must be integers", 1],
    [["--groups", "none.npy"], "none.npy", 1],
    [["--report", "mask.npy", "--mask", "mask.npy"], "--report", 2],
  ])("refuses %j", (args, message, code) => {
    const found = run("compare", "base.npy", "other.npy", "tokens.npy", ...args);
    expect(found.stderr).toContain(message);
    expect(found.code).toBe(code);
  });
});
