import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";

// What a pool of workers means for the process around it: the built package, in processes of its own.

vi.setConfig({ testTimeout: 120_000 });

const INDEX = new URL("../../dist/index.js", import.meta.url).href;
const PRELUDE = `
  import { createLosses } from ${JSON.stringify(INDEX)};
  const rows = 2000, classes = 50;
  const logits = Float32Array.from({ length: rows * classes }, (_, i) => ((i * 7919) % 1009) / 100);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
`;
/** What every script prints. */
const LOSS = run("const losses = await createLosses(); console.log(losses.crossEntropy(logits, labels, { classes }));");

function run(script: string, ...flags: string[]): string {
  const args = [...flags, "--input-type=module", "--eval", PRELUDE + script];
  return execFileSync(process.execPath, args, { encoding: "utf8", timeout: 100_000 });
}

/** A process that has printed a line. */
async function started(script: string): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PRELUDE + script]);
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  return { child, exit };
}

test("an idle pool does not keep the process alive", () => {
  expect(
    run(`
      const losses = await createLosses({ threads: 4 });
      console.log(losses.crossEntropy(logits, labels, { classes }));
    `),
  ).toBe(LOSS);
});

test("a process whose only work is the start of a pool waits for it", () => {
  expect(run("console.log((await createLosses({ threads: 3 })).threads);")).toBe("3\n");
});

test("process.exit right after a call, with workers awake", () => {
  expect(
    run(`
      const losses = await createLosses({ threads: 4 });
      console.log(losses.crossEntropy(logits, labels, { classes }));
      process.exit(0);
    `),
  ).toBe(LOSS);
});

test("an uncaught error ends the process", () => {
  const script = `
    const losses = await createLosses({ threads: 4 });
    losses.crossEntropy(logits, labels, { classes });
    throw new Error("the end");
  `;
  expect(() =>
    execFileSync(process.execPath, ["--input-type=module", "--eval", PRELUDE + script], { stdio: "pipe" }),
  ).toThrow(/the end/);
});

test("a signal in mid-use ends the process", async () => {
  const { child, exit } = await started(`
    const losses = await createLosses({ threads: 4 });
    console.log("at work");
    for (;;) losses.crossEntropy(logits, labels, { classes });
  `);
  child.kill("SIGTERM");
  expect(await exit).toEqual([null, "SIGTERM"]);
});

test("inside a worker thread, and after that has been terminated", () => {
  expect(
    run(`
      const { Worker } = await import("node:worker_threads");
      const inner = \`
        const { parentPort, workerData } = require("node:worker_threads");
        const { index, logits, labels, classes } = workerData;
        import(index).then(async ({ createLosses }) => {
          const losses = await createLosses({ threads: 3 });
          if (losses.threads !== 3) throw new Error(losses.notes.join());
          parentPort.postMessage(losses.crossEntropy(logits, labels, { classes }));
          setInterval(() => losses.crossEntropy(logits, labels, { classes }), 1);
        });
      \`;
      const index = ${JSON.stringify(INDEX)};
      const worker = new Worker(inner, { eval: true, execArgv: [], workerData: { index, logits, labels, classes } });
      worker.on("error", (error) => { throw error; });
      worker.once("message", async (loss) => {
        console.log(loss);
        await worker.terminate();
      });
    `),
  ).toBe(LOSS);
});

test("without code from strings", () => {
  const script = `
    const losses = await createLosses({ threads: 2 });
    if (losses.threads !== 2) throw new Error(losses.notes.join());
    console.log(losses.crossEntropy(logits, labels, { classes }));
  `;
  expect(run(script, "--disallow-code-generation-from-strings")).toBe(LOSS);
});

test("close() lets memory go, also of what stays reachable", () => {
  const printed = run(
    `
      const gone = [];
      for (const options of [{}, { threads: 2 }, { backend: "js" }]) {
        const losses = await createLosses({ ...options, arenaBytes: 2 ** 20 });
        losses.evaluate(logits, labels, { classes });
        const buffer = new WeakRef(losses.alloc(Float32Array, 10).buffer);
        losses.close();
        for (let i = 0; i < 50 && buffer.deref() !== undefined; i++) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          globalThis.gc();
        }
        gone.push([buffer.deref() === undefined, losses.threads]);
      }
      console.log(JSON.stringify(gone));
    `,
    "--expose-gc",
  );
  expect(JSON.parse(printed)).toEqual(Array(3).fill([true, 1]));
});

test("10,000 launches in a row, and 200 engines opened and closed, leave nothing behind", () => {
  const printed = run(
    `
      import { readdirSync } from "node:fs";
      const linux = process.platform === "linux";
      const settle = async () => {
        // memories are given back by another thread, a while after
        globalThis.gc();
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 20));
        globalThis.gc();
        const count = (folder) => (linux ? readdirSync(folder).length : 0);
        return {
          threads: count("/proc/self/task"),
          files: count("/proc/self/fd"),
          resources: process.getActiveResourcesInfo().filter((name) => name !== "Timeout").length,
          mebibytes: process.memoryUsage().rss / 2 ** 20,
        };
      };
      const use = (losses) => losses.crossEntropy(logits, labels, { classes });
      const options = { threads: 2, arenaBytes: 2 ** 20 };
      const wanted = use(await createLosses());
      // the first ones load code and fill the allocator
      for (let i = 0; i < 20; i++) {
        const losses = await createLosses(options);
        use(losses);
        losses.close();
      }
      const before = await settle();
      const losses = await createLosses(options);
      for (let i = 0; i < 10_000; i++) if (use(losses) !== wanted) throw new Error("launch " + i);
      if (losses.threads !== 2 || losses.notes.length > 0) throw new Error(losses.notes.join());
      losses.close();
      for (let i = 0; i < 200; i++) {
        const losses = await createLosses(options);
        if (losses.threads !== 2 || use(losses) !== wanted) throw new Error("engine " + i);
        losses.close();
      }
      let after = await settle();
      // with other work on the machine the memories come back later
      for (let i = 0; i < 10 && after.mebibytes - before.mebibytes >= 64; i++) after = await settle();
      console.log(JSON.stringify([before, after]));
    `,
    "--expose-gc",
  );
  const [before, after] = JSON.parse(printed);
  expect(after.threads).toBe(before.threads);
  expect(after.files).toBe(before.files);
  expect(after.resources).toBe(before.resources);
  expect(after.mebibytes - before.mebibytes).toBeLessThan(64);
});
