import { afterAll, describe, expect, test } from "vitest";
import { EVALUATIONS } from "../src/descriptions/evaluation.ts";
import { KERNELS } from "../src/descriptions/list.ts";
import { createLosses } from "../src/index.losses.ts";
import { createLosses as createAll, type Losses } from "../src/index.node.ts";
import { lossesInside } from "../src/module/lossesInside.ts";
import { someOf } from "./breadth.ts";
import { Digest } from "./engines/digest.ts";
import { ENTRIES } from "./engines/entries.ts";
import { mulberry32 } from "./inputs.ts";

// wasm-loss/losses: a smaller module, and the same functions, options and bits.

const alone = await createLosses({ backend: "wasm" });
const all = await createAll({ backend: "wasm" });
afterAll(() => {
  alone.close();
  all.close();
});

const EVALUATING = ["binaryEvaluator", "comparison", "evaluate", "evaluateStream", "evaluator", "regressionEvaluator"];

test("it has all functions but the evaluations", () => {
  expect([...Object.keys(alone), ...EVALUATING].sort()).toEqual(Object.keys(all).sort());
});

test("its module has all kernels but theirs", async () => {
  const module = await WebAssembly.compile((await lossesInside(false)) as Uint8Array<ArrayBuffer>);
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name.replace(/_f(32|64)$/, "")));
  const expected = KERNELS.filter((kernel) => !EVALUATIONS.includes(kernel)).map(({ name }) => name);
  expect([...names].sort()).toEqual(expected.sort());
});

const entries = ENTRIES.filter(({ functions }) => functions.every((name) => name in alone));

describe("bits", () => {
  test("every function is called", () => {
    const called = new Set(entries.flatMap(({ functions }) => functions as readonly string[]));
    const functions = Object.entries(alone).filter(([name, value]) => typeof value === "function" && name !== "close");
    for (const [name] of functions) expect(called, name).toContain(name);
  });

  test.each(someOf(entries, 8))("of $name", async ({ run }) => {
    const [its, theirs] = [new Digest(), new Digest()];
    // entries that evaluate are not among them
    await run(alone as Losses, its, mulberry32(9));
    await run(all, theirs, mulberry32(9));
    expect(String(its)).toBe(String(theirs));
    expect(its.values).toBeGreaterThan(0);
  });
});

test.each([{ relaxed: true }, { backend: "js" as const }, { threads: 2 }])("opens with %o", async (options) => {
  const losses = await createLosses(options);
  const loss = losses.crossEntropy(Float32Array.of(0.1, 0.9, 0.2), Int32Array.of(1), { classes: 3 });
  expect(loss).toBeCloseTo(0.66573, 5);
  losses.close();
  expect(() => losses.mse(Float32Array.of(1), Float32Array.of(1))).toThrow("closed");
});
