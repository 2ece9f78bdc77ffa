import { afterAll, describe, expect, test } from "vitest";
import { createLosses, type Evaluation, type TensorLike } from "../src/index.node.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

// What rows come with - a mask, a shift, groups - in each of the three ways to an evaluation, as arrays and as tensors.

const losses = await createLosses();
afterAll(() => losses.close());

const random = mulberry32(12);
const [sequences, positions, classes] = [6, 10, 7];
const rows = sequences * positions;
const x = logitsOf(random, "float32", rows, classes) as Float32Array;
const tokens = labelsOf(random, rows, classes);
const mask = Uint8Array.from({ length: rows }, () => Number(random() < 0.7));
const groups = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / positions) % 4);
const options = { worst: 8, topK: [1, 3] };

interface Rows {
  logits: TensorLike;
  labels: TensorLike;
  mask?: TensorLike;
  groups?: TensorLike;
  shift?: true;
}

/** Sequences [from, to) as tensors of onnxruntime, of which shapes are of sequences. */
function tensors(from: number, to: number, keys: readonly string[]): Rows {
  const of = <A extends { subarray(begin: number, end: number): unknown }>(data: A, type: string, perRow = 1) => ({
    data: data.subarray(from * positions * perRow, to * positions * perRow),
    dims: perRow === 1 ? [to - from, positions] : [to - from, positions, perRow],
    type,
  });
  const all = { mask: of(mask, "bool"), groups: of(groups, "int32"), shift: true };
  return {
    logits: of(x, "float32", classes),
    labels: of(tokens, "int32"),
    ...Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))),
  };
}

/** Worked out row by row: what is left of the labels. */
function wanted(keys: readonly string[]): Evaluation {
  const isShifted = keys.includes("shift");
  const labels = Int32Array.from(tokens, (_, row) => {
    const at = isShifted ? row + 1 : row;
    const isLast = isShifted && at % positions === 0;
    return isLast || (keys.includes("mask") && mask[at] === 0) ? -100 : tokens[at];
  });
  const evaluation = losses.evaluate(x, labels, {
    classes,
    ...options,
    ...(keys.includes("groups") ? { groups } : {}),
  });
  const worst = evaluation.worst!.map((it) =>
    isShifted ? { ...it, sequence: Math.floor(it.row / positions), position: it.row % positions } : it,
  );
  return { ...evaluation, worst };
}

const PARTS: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 4],
  [4, 6],
];

describe.each([[[]], [["mask"]], [["shift"]], [["groups"]], [["mask", "shift"]], [["mask", "shift", "groups"]]])(
  "%j",
  (keys) => {
    test("add", () => {
      const evaluator = losses.evaluator({ classes, ...options });
      for (const [from, to] of PARTS) {
        const { logits, labels, ...more } = tensors(from, to, keys);
        evaluator.add(logits, labels, more);
      }
      expect(evaluator.result()).toEqual(wanted(keys));
    });

    test("evaluate", () => {
      const { logits, labels, ...more } = tensors(0, sequences, keys);
      expect(losses.evaluate(logits, labels, { ...options, ...more })).toEqual(wanted(keys));
    });

    test("evaluateStream, with a signal and progress", async () => {
      const told: number[] = [];
      const found = await losses.evaluateStream(
        PARTS.map(([from, to]) => tensors(from, to, keys)),
        { ...options, signal: new AbortController().signal, onProgress: (progress) => void told.push(progress.rows) },
      );
      expect(found).toEqual(wanted(keys));
      expect(told).toEqual([10, 40, 60]);
    });

    test("evaluateStream, ended between two batches", async () => {
      const controller = new AbortController();
      const batches = PARTS.map(([from, to]) => tensors(from, to, keys));
      const onProgress = ({ batches: n }: { batches: number }) => n === 2 && controller.abort(new Error("enough"));
      const ended = losses.evaluateStream(batches, { ...options, signal: controller.signal, onProgress });
      await expect(ended).rejects.toThrow("enough");
    });
  },
);

test("shapes that don't fit are told, and nothing is added", () => {
  const { logits, labels } = tensors(0, 2, []);
  const evaluator = losses.evaluator({ classes });
  const before = evaluator.state();
  for (const more of [
    { mask: { data: mask.subarray(0, 19), dims: [19], type: "bool" } },
    { groups: { data: groups.subarray(0, 21), dims: [21], type: "int32" } },
    { mask: { data: mask.subarray(0, 20), dims: [4, 6], type: "bool" } },
  ]) {
    expect(() => evaluator.add(logits, labels, more)).toThrow(/^add: (mask|groups) /);
    expect(evaluator.state()).toEqual(before);
  }
});
