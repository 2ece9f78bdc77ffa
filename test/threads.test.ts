import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { withSharedMemory } from "../src/backends/threads/sharedMemory.ts";
import { TUNING } from "../src/backends/threads/threads.ts";
import { createLosses, openLosses } from "../src/inlinedLosses.ts";
import { type Losses, PATIENT, SHARE_ALL } from "./backends.ts";
import { once, someOf } from "./breadth.ts";
import { patternOf, repeated } from "./engines/pattern.ts";
import { dtypes, expectSame, labelsOf, logitsOf, mulberry32, probabilitiesOf, values } from "./inputs.ts";

const STRICT = new URL("../dist/strict.wasm", import.meta.url);

const rows = 300;
const classes = 130;
const random = mulberry32(5);
const logits = logitsOf(random, "float32", rows, classes);
const labels = labelsOf(random, rows, classes);
const options = { classes };

const alone = await createLosses();
const wanted = alone.crossEntropyWithGrad(logits, labels, options);

/** The bits of one thread, staged and resident. */
function expectRight(losses: Losses): void {
  const staged = losses.crossEntropyWithGrad(logits, labels, options);
  expect(staged.loss).toBe(wanted.loss);
  expectSame(staged.grad, wanted.grad, "staged");
  const resident = losses.alloc(Float32Array, logits.length);
  resident.set(logits);
  const { loss, grad } = losses.crossEntropyWithGrad(resident, labels, options);
  losses.free(resident);
  expect(loss).toBe(wanted.loss);
  expectSame(grad, wanted.grad, "resident");
}

const threads = process.getBuiltinModule("node:worker_threads");
const RealWorker = threads.Worker;
type RealWorker = InstanceType<typeof RealWorker>;

const opened: Losses[] = [];
/** Shares everything out, and is not patient. */
async function open(given: Parameters<typeof createLosses>[0], patienceMilliseconds = 120): Promise<Losses> {
  const losses = await openLosses(given!, { ...SHARE_ALL, patienceMilliseconds });
  opened.push(losses);
  return losses;
}

/** An engine with the workers that it started. */
async function openWithWorkers(
  count: number,
  patienceMilliseconds?: number,
): Promise<{ losses: Losses; workers: RealWorker[] }> {
  const workers: RealWorker[] = [];
  threads.Worker = class extends RealWorker {
    constructor(...args: ConstructorParameters<typeof RealWorker>) {
      super(...args);
      workers.push(this);
    }
  };
  return { losses: await open({ threads: count }, patienceMilliseconds), workers };
}

afterEach(() => {
  threads.Worker = RealWorker;
  vi.unstubAllGlobals();
  for (const losses of opened.splice(0)) losses.close();
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** The address of a worker with a fault; which one is in its environment. */
function faulty(fault: string, at = 1): URL {
  process.env.WORKER_FAULT = `${fault}@${at}`;
  return new URL("./workers/faulty.mjs", import.meta.url);
}

/** What one thread gives in calls of any size: asked once for all numbers of threads. */
const callsOfAnySize = once(() =>
  dtypes.flatMap((dtype) =>
    [
      [1, 1],
      [2, 3],
      [7, 10],
      [100, 64],
      [1000, 5],
      [9, 5000],
      [20000, 3],
      [40000, 2],
      [40, 20001],
    ].map(([n, k]) => {
      const x = patternOf(logitsOf, random, dtype, n, k);
      const logits = repeated(x, n * k);
      const targets = repeated(values(random, dtype, x.length), n * k);
      const probabilities = probabilitiesOf(random, dtype, Math.min(n, 50), k);
      const labels = labelsOf(random, n, k, -100);
      const results = (losses: Losses) => [
        ...[0, 0.1].flatMap((labelSmoothing) => {
          const o = { classes: k, labelSmoothing };
          const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, o);
          const few = losses.crossEntropy(logits.subarray(0, probabilities.length), probabilities, o);
          return [[loss, few], grad];
        }),
        losses.softmax(logits, { classes: k }),
        losses.logSoftmax(logits, { classes: k }),
        losses.logSumExp(logits, { classes: k }),
        [losses.mse(logits, targets)],
        losses.mseWithGrad(logits, targets).grad,
      ];
      return { shape: `${dtype}, ${n} x ${k}`, results, wanted: results(alone) };
    }),
  ),
);

test.each(someOf([2, 3, 4, 5, 6, 7, 8], 3))("%i threads give the bits of one, in calls of any size", async (count) => {
  const losses = await open({ threads: count });
  expect(losses.threads).toBe(count);
  expect(losses.notes).toEqual([]);
  for (const { shape, results, wanted } of callsOfAnySize()) {
    for (const [i, result] of results(losses).entries()) expectSame(result, wanted[i], `${shape}, result ${i}`);
  }
});

test("labels out of range are found on several threads too, the first one named", async () => {
  const losses = await open({ threads: 3 });
  const bad = labels.slice();
  bad[211] = classes;
  bad[290] = -5;
  expect(() => losses.crossEntropy(logits, bad, options)).toThrow(/labels\[211\] is 130/);
  expectRight(losses);
});

describe("a worker that is terminated", () => {
  test("before a call, seen or not yet seen by the caller", async () => {
    const { losses, workers } = await openWithWorkers(3);
    await workers[0].terminate();
    expectRight(losses);
    expect(losses.notes.join()).toMatch(/^threads: a worker stopped \(exit code \d\); another takes its place\.$/);
    expect(losses.threads).toBe(3);
    const ended = workers[1].terminate();
    expectRight(losses);
    await ended;
    await turn();
    expectRight(losses);
    expect(losses.notes).toHaveLength(2);
    expect(losses.threads).toBe(3);
    expect(workers).toHaveLength(4);
  });

  test("all of them, again and again, until the caller is alone", async () => {
    const { losses, workers } = await openWithWorkers(3);
    for (let round = 0; round < 8; round++) {
      const ended = workers.map((worker) => worker.terminate());
      expectRight(losses);
      await Promise.all(ended);
    }
    expectRight(losses);
    expect(losses.threads).toBe(1);
    expect(losses.notes).toHaveLength(6);
    expect(losses.notes.at(-1)).toMatch(/^threads: a worker stopped \(exit code \d\); 1 of 3 threads go on\.$/);
  });

  test("more of them at once than there are spares: so many are replaced", async () => {
    const { losses, workers } = await openWithWorkers(7);
    await Promise.all(workers.map((worker) => worker.terminate()));
    expectRight(losses);
    expect(losses.threads).toBe(5);
    const ends = losses.notes.map((note) => note.slice(note.indexOf(";") + 2));
    const replaced = "another takes its place.";
    expect(ends).toEqual([...new Array(4).fill(replaced), "6 of 7 threads go on.", "5 of 7 threads go on."]);
  });

  test("at any moment of many calls", async () => {
    const { losses, workers } = await openWithWorkers(4);
    for (let i = 0; i < 30; i++) {
      expectRight(losses);
      if (i % 6 === 5) void workers[Math.floor(random() * workers.length)].terminate();
      if (i % 3 === 0) await turn();
    }
    expect(losses.notes.length).toBeGreaterThan(0);
  });
});

describe.each([1, 4])("a worker that, at its kernel call %i,", (at) => {
  test.each([
    ["exit", /no answer for 0\.12 s|exit code 7/],
    ["half", /no answer for 0\.12 s|exit code 7/],
    ["trap", /its kernel failed|unreachable/],
    ["hang", /no answer for 0\.12 s/],
    ["sleep", /no answer for 0\.12 s/],
  ])("has the fault %s costs time, not the result", async (fault, note) => {
    const losses = await open({ threads: 2, worker: faulty(fault, at) });
    expect(losses.threads).toBe(2);
    // on a busy machine the caller may do the work of many calls alone
    for (let i = 0; i < 1000 && losses.notes.length === 0; i++) {
      expectRight(losses);
      await turn();
    }
    expect(losses.notes.join("\n")).toMatch(note);
    // its replacement has the same fault, and then there are no more
    for (let i = 0; i < 12; i++) {
      expectRight(losses);
      await turn();
    }
  });
});

test("a clock that jumps, as where the process was suspended, gives no worker up", async () => {
  const losses = await open({ threads: 2, worker: faulty("slow") }, 1000);
  const now = performance.now.bind(performance);
  let asked = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + (++asked > 3 ? 60_000 : 0));
  // until the worker took part
  for (let i = 0; i < 1000 && asked <= 3; i++) expectRight(losses);
  clock.mockRestore();
  expect(asked).toBeGreaterThan(3);
  expect(losses.notes).toEqual([]);
});

test("a worker that stops while it overwrites its input in place: an error says so, and the next call works", async () => {
  const losses = await open({ threads: 2, worker: faulty("half") });
  const resident = losses.alloc(Float32Array, logits.length);
  let error: unknown;
  for (let i = 0; i < 1000 && error === undefined; i++) {
    resident.set(logits);
    try {
      const { loss, grad } = losses.crossEntropyWithGrad(resident, labels, { classes, out: resident });
      expect(loss).toBe(wanted.loss);
      expectSame(grad, wanted.grad, "in place");
    } catch (thrown) {
      error = thrown;
    }
    await turn();
  }
  expect(String(error)).toMatch(
    /^Error: crossEntropy: a worker stopped while it overwrote its input in place; \d+ of \d+ parts are lost$/,
  );
  for (let i = 0; i < 5; i++) expectRight(losses);
});

test("a worker that stops while it updates parameters: an error says so, and the next step works", async () => {
  const losses = await open({ threads: 2, worker: faulty("half") });
  const parameters = losses.alloc(Float32Array, logits.length);
  const gradients = losses.alloc(Float32Array, logits.length).fill(1);
  const optimizer = losses.sgd(parameters, { learningRate: 1 });
  let error: unknown;
  for (let i = 0; i < 1000 && error === undefined; i++) {
    parameters.fill(3);
    try {
      optimizer.step(gradients);
      expect(parameters.every((x) => x === 2)).toBe(true);
    } catch (thrown) {
      error = thrown;
    }
    await turn();
  }
  expect(String(error)).toMatch(
    /^Error: sgd: a worker stopped while it overwrote its input in place; \d+ of \d+ parts are lost$/,
  );
  // no part was run twice
  expect(parameters.every((x) => x === 2 || x === 3)).toBe(true);
  parameters.fill(3);
  optimizer.step(gradients);
  expect(parameters.every((x) => x === 2)).toBe(true);
});

describe("a start that fails steps down to one thread, and the note says why", () => {
  test.each([
    ["silent", /no answer in 10 s/],
    ["throw", /not today/],
    ["quit", /exit code 7/],
  ])("a worker with the fault %s", async (fault, reason) => {
    if (fault === "silent") vi.stubGlobal("setTimeout", (f: () => void) => globalThis.setImmediate(f));
    const losses = await open({ threads: 3, worker: faulty(fault) });
    expect(losses.threads).toBe(1);
    expect(losses.notes).toHaveLength(1);
    expect(losses.notes[0]).toMatch(/^threads: 3 was asked for, but 2 workers of 2 could not be started/);
    expect(losses.notes[0]).toMatch(reason);
    expectRight(losses);
  });

  test("a worker script that is not there", async () => {
    const losses = await open({ threads: 2, worker: new URL("./workers/none.mjs", import.meta.url) });
    expect(losses.notes.join()).toMatch(
      /^threads: 2 was asked for, but a worker of 1 could not be started .*none\.mjs/,
    );
    expectRight(losses);
  });

  test("a platform that refuses workers", async () => {
    threads.Worker = class {
      constructor() {
        throw new Error("no workers here");
      }
    } as never;
    const losses = await open({ threads: 2 });
    expect(losses.threads).toBe(1);
    expect(losses.notes.join()).toMatch(/no workers here/);
    expectRight(losses);
  });

  test("only some of the workers", async () => {
    let count = 0;
    threads.Worker = class extends RealWorker {
      constructor(...args: ConstructorParameters<typeof RealWorker>) {
        if (++count === 2) throw new Error("one is enough");
        super(...args);
      }
    };
    const losses = await open({ threads: 3 });
    expect(losses.threads).toBe(2);
    expect(losses.notes).toEqual(["threads: a worker of 2 could not be started (one is enough)."]);
    expectRight(losses);
  });

  test("no shared memory", async () => {
    const { Memory } = WebAssembly;
    vi.stubGlobal("WebAssembly", {
      ...Object.fromEntries(
        Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as "Memory"]]),
      ),
      Memory: function memory(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw new TypeError("not shared");
        return new Memory(descriptor);
      },
    });
    const losses = await open({ threads: 2 });
    expect(losses.threads).toBe(1);
    expect(losses.notes).toEqual(["threads: 2 was asked for, but this engine has no shared memory; one runs."]);
    expectRight(losses);
  });

  test("a page that is not isolated: both headers are named", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    vi.stubGlobal(
      "MessageChannel",
      class {
        port1 = {
          close() {},
          postMessage() {
            throw new Error("DataCloneError");
          },
        };
        port2 = { close() {} };
      },
    );
    const losses = await open({ threads: 2 });
    expect(losses.notes.join()).toContain("Cross-Origin-Opener-Policy: same-origin");
    expect(losses.notes.join()).toContain("Cross-Origin-Embedder-Policy: require-corp");
    expectRight(losses);
  });

  test("a module compiled for memory that is not shared", async () => {
    const { compile } = await import("../src/module/load.ts");
    const losses = await open({ threads: 2, wasm: await compile(readFileSync(STRICT)) });
    expect(losses.notes.join()).toMatch(/the module given is one for memory that is not shared; one runs\.$/);
    expectRight(losses);
  });

  test("the JavaScript loops", async () => {
    const losses = await open({ backend: "js", threads: 2 });
    expect(losses.notes).toEqual(["threads: 2 was asked for, but the JavaScript loops run on one."]);
    expectRight(losses);
  });
});

test("threads: auto counts the cores there are", async () => {
  const losses = await open({ threads: "auto" });
  expect(losses.threads).toBe(process.getBuiltinModule("node:os").availableParallelism());
  expect(losses.notes).toEqual([]);
  expectRight(losses);
});

test("the module and the worker as files, and the module compiled for shared memory", async () => {
  const { compile } = await import("../src/module/load.ts");
  const worker = new URL("../dist/worker.js", import.meta.url);
  for (const given of [
    { wasm: STRICT, worker },
    { worker: worker.href },
    { wasm: await compile(withSharedMemory(readFileSync(STRICT))) },
  ]) {
    const losses = await open({ threads: 2, ...given });
    expect(losses.notes).toEqual([]);
    expect(losses.threads).toBe(2);
    expectRight(losses);
  }
});

test("worker is checked at the door", async () => {
  await expect(createLosses({ worker: 7 as never })).rejects.toThrow(
    new TypeError("createLosses: worker must be a URL or a string, but is a number"),
  );
});

test("small calls stay on the caller's thread", async () => {
  const { losses, workers } = await openWithWorkers(2);
  const quiet = await openLosses({ threads: 2 }, TUNING);
  opened.push(quiet);
  for (const worker of workers) void worker.terminate();
  // the workers of `quiet` are all gone, and it needs none: no note before the event, right bits
  expect(quiet.mse(Float32Array.of(1, 2), Float32Array.of(1, 4))).toBe(2);
  expect(losses.notes).toEqual([]);
});

test("close() is final, twice is fine, and workers end at once", async () => {
  const { losses, workers } = await openWithWorkers(4, PATIENT);
  expectRight(losses);
  const ended = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
  losses.close();
  losses.close();
  await ended;
  expect(losses.threads).toBe(1);
  expect(losses.notes).toEqual([]);
  expect(() => losses.mse(logits, logits)).toThrow("mse: this Losses is closed");
});

test("the largest arena leaves room for workers: halved, with a note", async () => {
  const losses = await open({ threads: 2, arenaBytes: 65536 * 65536 - 8 * 2 ** 20 });
  expect(losses.threads).toBe(2);
  expect(losses.notes.every((note) => note.startsWith("arenaBytes: "))).toBe(true);
  expectRight(losses);
});
