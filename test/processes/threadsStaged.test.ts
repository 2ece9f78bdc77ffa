import { afterEach, describe, expect, test } from "vitest";
import { openWasm } from "../../src/backends/openWasm.ts";
import { float16 } from "../../src/dtype.ts";
import { logSumExp, softmax } from "../../src/generated/kernels.ts";
import { createLosses, openLosses } from "../../src/inlinedLosses.ts";
import { inlinedModule } from "../../src/module/inlined.ts";
import { type Losses, PATIENT, SHARE_ALL } from "../backends.ts";
import { expectSame, labelsOf, logitsOf, mulberry32, values } from "../inputs.ts";

// Ordinary arrays on several threads: strides go round a ring of windows while workers are at work on them.

const random = mulberry32(17);
const alone = await createLosses();
const opened: Losses[] = [];

async function open(threads: number, worker?: URL): Promise<Losses> {
  const losses = await openLosses({ threads, worker }, { ...SHARE_ALL, patienceMilliseconds: worker ? 120 : PATIENT });
  opened.push(losses);
  return losses;
}

afterEach(() => {
  for (const losses of opened.splice(0)) losses.close();
});

describe.each([2, 3, 5])("%i threads", (threads) => {
  test.each([
    // rows and classes: many laps; windows for a few rows; for two rows; more than two don't fit
    [3000, 700],
    [50, 20_000],
    [7, 200_001],
    [3, 400_001],
  ])("%i rows of %i classes", async (rows, classes) => {
    const losses = await open(threads);
    const logits = logitsOf(random, "float32", rows, classes);
    const labels = labelsOf(random, rows, classes, -100);
    const weight = new Float32Array(classes).fill(0.5).map((x, i) => x + (i % 3));
    const options = { classes, weight };
    const [a, b] = [alone, losses].map((it) => it.crossEntropyWithGrad(logits, labels, options));
    expect(b.loss).toBe(a.loss);
    expectSame(b.grad, a.grad, "grad");
    const each = { ...options, reduction: "none" } as const;
    expectSame(losses.crossEntropy(logits, labels, each), alone.crossEntropy(logits, labels, each), "losses");
    const own = logits.slice();
    losses.softmax(own, { classes, out: own });
    expectSame(own, alone.softmax(logits, { classes }), "in place");
    expect(losses.notes).toEqual([]);
  });

  test("labels of 64 bits, half precision, element-wise losses", async () => {
    const losses = await open(threads);
    const [rows, classes] = [5000, 37];
    const bits = Uint16Array.from({ length: rows * classes }, () => random() * 0x4800);
    const labels = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i % classes));
    const [a, b] = [alone, losses].map((it) => it.crossEntropy(float16(bits), labels, { classes }));
    expect(b).toBe(a);
    const [p, t] = [values(random, "float64", 300_001), values(random, "float64", 300_001)];
    const [c, d] = [alone, losses].map((it) => it.mseWithGrad(p, t));
    expect(d.loss).toBe(c.loss);
    expectSame(d.grad, c.grad, "grad");
  });
});

describe("workers that all, at their kernel call 5,", () => {
  const [rows, classes] = [900, 500];
  const logits = logitsOf(random, "float32", rows, classes);
  const labels = labelsOf(random, rows, classes);
  const wanted = alone.crossEntropyWithGrad(logits, labels, { classes });

  test.each(["exit", "half", "trap", "hang", "sleep"])("have the fault %s cost time, not the result", async (fault) => {
    process.env.WORKER_FAULT = `${fault}@5`;
    const losses = await open(4, new URL("../workers/faulty.mjs", import.meta.url));
    expect(losses.threads).toBe(4);
    // three workers and four that take their places
    for (let i = 0; i < 12; i++) {
      const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes });
      expect(loss).toBe(wanted.loss);
      expectSame(grad, wanted.grad, `call ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(losses.notes.length).toBeGreaterThan(2);
  });
});

test("what reduces may throw: the next call, of another kernel, has the right bits", async () => {
  const [rows, classes] = [100_000, 3];
  const wasm = await inlinedModule();
  const { backend, pool } = await openWasm({ threads: 3, arenaBytes: 2 ** 20, wasm, tuning: SHARE_ALL });
  const logits = logitsOf(random, "float32", rows, classes);
  const broken = () => {
    const out = new Float64Array(rows);
    backend.run(logSumExp, "f32", rows, { logits, out, classes }, 0, (_, __, first) => {
      if (first > 0) throw new Error("not this one");
    });
  };
  const own = logitsOf(random, "float64", 70, 41);
  const wanted = alone.softmax(own, { classes: 41 });
  for (let i = 0; i < 20; i++) {
    expect(broken).toThrow("not this one");
    const out = new Float64Array(own.length);
    backend.run(softmax, "f64", 70, { logits: own, out, classes: 41 });
    expectSame(out, wanted, "after an error");
  }
  pool!.close();
});
