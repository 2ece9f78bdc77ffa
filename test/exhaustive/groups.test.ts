import { expect, test } from "vitest";
import { createLosses } from "../../src/index.node.ts";

const losses = await createLosses();

test("2^20 groups are told apart, and one more is refused", () => {
  const evaluator = losses.evaluator({ classes: 1 });
  const rows = 2 ** 16;
  const x = new Float32Array(rows);
  const labels = new Int32Array(rows);
  for (let part = 0; part < 16; part++) {
    evaluator.add(x, labels, { groups: Int32Array.from({ length: rows }, (_, i) => part * rows + i) });
  }
  // those that are there already
  evaluator.add(x, labels, { groups: labels });
  expect(() => evaluator.add(x.subarray(0, 1), labels.subarray(0, 1), { groups: [-1] })).toThrow(
    new RangeError("groups are more than 1048576, which is as many as can be told apart"),
  );
});
