// Threads in a page or a worker of a browser. What the address says is what the page expects: ?threads=2 where memory can
// be shared, &overrides where the policy forbids what is inlined.

import { afterEach, expect, test } from "vitest";
import { createLosses, openLosses } from "../../src/inlinedLosses.ts";
import { losesStack } from "../../src/module/features.ts";
import { type Losses, PATIENT, SHARE_ALL } from "../backends.ts";
import { expectSame, labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

const expected = new URLSearchParams(location.search);
const shared = expected.get("threads") === "2";
const overrides = expected.has("overrides")
  ? { wasm: new URL("strict.wasm", location.href), worker: new URL("worker.js", location.href) }
  : {};

const random = mulberry32(5);
const [rows, classes] = [300, 130];
const logits = logitsOf(random, "float32", rows, classes);
const labels = labelsOf(random, rows, classes);
const alone = await createLosses({ backend: "wasm", wasm: overrides.wasm });
const wanted = alone.crossEntropyWithGrad(logits, labels, { classes });

function expectRight(losses: Losses): void {
  const staged = losses.crossEntropyWithGrad(logits, labels, { classes });
  expect(staged.loss).toBe(wanted.loss);
  expectSame(staged.grad, wanted.grad, "staged");
  const resident = losses.alloc(Float32Array, logits.length);
  resident.set(logits);
  expectSame(losses.crossEntropyWithGrad(resident, labels, { classes }).grad, wanted.grad, "resident");
  losses.free(resident);
}

const RealWorker = globalThis.Worker;
let workers: Worker[] = [];
const opened: Losses[] = [];

async function open(given: Parameters<typeof createLosses>[0], patienceMilliseconds = PATIENT): Promise<Losses> {
  globalThis.Worker = class extends RealWorker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
    }
  };
  const losses = await openLosses({ backend: "wasm", ...overrides, ...given }, { ...SHARE_ALL, patienceMilliseconds });
  opened.push(losses);
  return losses;
}

afterEach(() => {
  globalThis.Worker = RealWorker;
  workers = [];
  for (const losses of opened.splice(0)) losses.close();
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 30));

test("auto: WebAssembly, and JavaScript where that can't be relied on", async () => {
  const losses = await open({ backend: "auto" });
  const unreliable = losesStack(navigator.userAgent);
  expect(unreliable).toBe(expected.get("page")?.startsWith("WebKitGTK"));
  expect(losses.backend).toBe(unreliable ? "js" : "wasm");
  expect(losses.notes).toHaveLength(unreliable ? 1 : 0);
  expectRight(losses);
});

test.each([2, 4])("%i threads, or one and a note", async (count) => {
  const losses = await open({ threads: count });
  if (shared) {
    expect(losses.notes).toEqual([]);
    expect(losses.threads).toBe(count);
  } else {
    expect(losses.threads).toBe(1);
    expect(losses.notes).toHaveLength(1);
    if (globalThis.crossOriginIsolated === false) {
      expect(losses.notes[0]).toContain("Cross-Origin-Opener-Policy: same-origin");
      expect(losses.notes[0]).toContain("Cross-Origin-Embedder-Policy: require-corp");
    }
  }
  expect(losses.alloc(Float32Array, 1).buffer instanceof ArrayBuffer).toBe(!shared);
  for (let i = 0; i < 20; i++) expectRight(losses);
});

if (shared) {
  test("auto counts cores", async () => {
    const losses = await open({ threads: "auto" });
    expect(losses.threads).toBe(navigator.hardwareConcurrency);
    expectRight(losses);
  });

  test("workers that are terminated, seen or not by the caller", async () => {
    const losses = await open({ threads: 3 }, 300);
    for (let i = 0; i < 6; i++) {
      expectRight(losses);
      workers[i % workers.length].terminate();
      expectRight(losses);
      await turn();
    }
  });

  test("200 engines opened and closed, and 10,000 launches", async () => {
    for (let i = 0; i < 200; i++) {
      const losses = await openLosses({ ...overrides, threads: 2, arenaBytes: 2 ** 20 }, SHARE_ALL);
      expect(losses.threads).toBe(2);
      expect(losses.crossEntropy(logits, labels, { classes })).toBe(wanted.loss);
      losses.close();
    }
    const losses = await open({ threads: 2 });
    const [x, y] = [logits.subarray(0, 16 * classes), labels.subarray(0, 16)];
    const loss = alone.crossEntropy(x, y, { classes });
    for (let i = 0; i < 10_000; i++)
      if (losses.crossEntropy(x, y, { classes }) !== loss) throw new Error(`launch ${i}`);
    expect(losses.notes).toEqual([]);
  });
}

if (expected.has("overrides")) {
  test("what is inlined is refused, and the note says why", async () => {
    const losses = await open({ threads: 2, worker: undefined });
    expect(losses.threads).toBe(1);
    expect(losses.notes).toHaveLength(1);
    expect(losses.notes[0]).toMatch(
      /^threads: 2 was asked for, but a worker of 1 could not be started \(.+\); one runs\.$/,
    );
    expectRight(losses);
  });
}

test("a worker script that is not there", async () => {
  const losses = await open({ threads: 2, worker: new URL("nothing.js", location.href) });
  expect(losses.threads).toBe(1);
  expect(losses.notes).toHaveLength(1);
  expectRight(losses);
});
