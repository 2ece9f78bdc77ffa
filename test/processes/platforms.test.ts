import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import type { LossesOptions } from "../../src/index.node.ts";
import { platformGlobals } from "../globals.ts";

// backend: "auto" never rejects because of the platform: it steps down, and a note says why. "wasm" rejects, in one line.

interface Outcome {
  backend?: "wasm" | "js";
  threads?: number;
  notes?: string[];
  loss?: number;
  rejected?: string;
}

/** Opens an engine with the options and computes, shared out where there are threads. */
const OPEN = `async (createLosses, options) => {
  try {
    const losses = await createLosses(options);
    const { backend, threads, notes } = losses;
    const logits = Float32Array.from({ length: 200000 }, (_, i) => ((i * 7919) % 1009) / 100);
    const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 100);
    const loss = losses.crossEntropy(logits, labels, { classes: 100 });
    const streamed = await losses.evaluateStream([{ logits, labels }], { classes: 100 });
    if (streamed.loss.mean !== loss) throw new Error("evaluateStream gives " + streamed.loss.mean);
    losses.close();
    return JSON.stringify({ backend, threads, notes, loss });
  } catch (error) {
    return JSON.stringify({ rejected: error.message });
  }
}`;

const dist = (name: string) => new URL(`../../dist/${name}`, import.meta.url);

/** The outcome in a process of its own, after `first`; `wrap` changes the command. */
function outcomeOf(
  options: LossesOptions,
  first: string,
  wrap: (args: string[]) => string[] = (args) => args,
): Outcome {
  const script = `
    const print = console.log;
    ${first};
    const { createLosses } = await import(${JSON.stringify(dist("index.js").href)});
    print(await (${OPEN})(createLosses, ${JSON.stringify(options)}));`;
  const [command, ...args] = wrap([process.execPath, "--input-type=module", "--eval", script]);
  return JSON.parse(execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

const { loss: wanted } = outcomeOf({}, "");

function expectOneLine(message: string | undefined, reason: string | RegExp): void {
  expect(message).toMatch(/^createLosses: backend is "wasm", but .+$/);
  expect(message).not.toContain("\n");
  expect(message).toMatch(reason);
}

/** JavaScript for auto, with one thread or two; wasm rejects. */
function expectJavaScript(open: (options: LossesOptions) => Outcome, reason: string | RegExp): void {
  for (const threads of [1, 2]) {
    const { notes, ...rest } = open({ threads });
    expect(rest).toEqual({ backend: "js", threads: 1, loss: wanted });
    expect(notes?.[0]).toMatch(reason);
    expect(notes?.slice(1)).toEqual(
      threads === 1 ? [] : ["threads: 2 was asked for, but the JavaScript loops run on one."],
    );
    expectOneLine(open({ backend: "wasm", threads }).rejected, reason);
  }
}

/** WebAssembly on one thread, where two were asked for. */
function expectOneThread(open: (options: LossesOptions) => Outcome, reason: string | RegExp): void {
  expect(open({})).toEqual({ backend: "wasm", threads: 1, notes: [], loss: wanted });
  for (const backend of ["auto", "wasm"] as const) {
    const { notes, ...rest } = open({ backend, threads: 2 });
    expect(rest).toEqual({ backend: "wasm", threads: 1, loss: wanted });
    expect(notes).toHaveLength(1);
    expect(notes?.[0]).toMatch(/^threads: 2 was asked for, but .+; one runs\.$/);
    expect(notes?.[0]).toMatch(reason);
  }
}

describe("a global that is missing", () => {
  const without = (name: string) => (options: LossesOptions) => outcomeOf(options, `delete globalThis.${name}`);

  test("WebAssembly", () => expectJavaScript(without("WebAssembly"), "this engine has no WebAssembly"));

  const oneThread: Readonly<Record<string, string>> = {
    SharedArrayBuffer: "this engine has no shared memory",
    performance: "this engine has no performance",
    Atomics: "this engine has no Atomics",
    setTimeout: "this engine has no setTimeout",
    clearTimeout: "this engine has no clearTimeout",
    // those of Node before 20.16: a browser's are missing
    "process.getBuiltinModule": "Worker is not defined",
    process: "Worker is not defined",
  };
  test.each(Object.entries(oneThread))("%s", (name, reason) => expectOneThread(without(name), reason));

  const others = platformGlobals().filter((name) => name !== "WebAssembly" && !(name in oneThread));
  test.each(others)("%s: nothing is lost", (name) => {
    for (const threads of [1, 2]) {
      expect(without(name)({ threads })).toEqual({ backend: "wasm", threads, notes: [], loss: wanted });
    }
  });

  test("is looked for among those that the code touches", () => {
    expect(platformGlobals()).toEqual(expect.arrayContaining(["WebAssembly", "SharedArrayBuffer", "process", "fetch"]));
  });
});

test("--jitless", () => {
  const jitless = ([node, ...args]: string[]) => [node, "--jitless", ...args];
  expectJavaScript((options) => outcomeOf(options, "", jitless), "this engine has no WebAssembly");
});

// Node reserves 10 GiB for a memory, and 0.6 for a worker
describe.runIf(process.platform === "linux" && process.arch === "x64")("ulimit -v", () => {
  const within = (gigabytes: number) => (options: LossesOptions) =>
    outcomeOf(options, "", (args) => ["bash", "-c", `ulimit -v ${gigabytes * 2 ** 20} && exec "$0" "$@"`, ...args]);

  test.each([1, 6])("%i GiB: no room for a memory", (gigabytes) => {
    expectJavaScript(within(gigabytes), /WebAssembly is refused here \(.*memory.*\)/i);
  });

  test("11.25 GiB: no room for a worker", () => expectOneThread(within(11.25), "ulimit -v"));

  test("24 GiB: room for both", () => {
    for (const threads of [1, 2]) {
      expect(within(24)({ threads })).toEqual({ backend: "wasm", threads, notes: [], loss: wanted });
    }
  });
});

describe("a context without code generation", async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(dist("browser.js"))],
    bundle: true,
    format: "iife",
    globalName: "library",
    write: false,
    logLevel: "silent",
  });
  const open = async (globals: Record<string, unknown>, options: Record<string, unknown>): Promise<Outcome> => {
    const context = createContext({ ...globals, options }, { codeGeneration: { strings: false, wasm: false } });
    runInContext(outputFiles[0].text, context);
    return JSON.parse(await runInContext(`(${OPEN})(library.createLosses, options)`, context));
  };

  test.each([
    ["as in Node", { process, Buffer, performance, MessageChannel }],
    ["as in a page", { atob, Blob, Response, DecompressionStream, fetch, performance, MessageChannel, URL }],
    ["without anything else", {}],
  ])("%s", async (_, globals) => {
    for (const relaxed of [false, true]) {
      for (const threads of [1, 2]) {
        const { notes, ...rest } = await open(globals, { threads, relaxed });
        expect(rest).toEqual({ backend: "js", threads: 1, loss: wanted });
        expect(notes).toHaveLength(threads + Number(relaxed));
        expect(notes?.[0]).toMatch(
          /^backend: WebAssembly is refused here \(.*code generation.*\); the JavaScript loops/,
        );
      }
    }
    expectOneLine((await open(globals, { backend: "wasm" })).rejected, "code generation");
  });

  test("a module that is given changes nothing, and what is wrong with it is told where it can be", async () => {
    const globals = { process, Buffer };
    for (const wasm of [fileURLToPath(dist("strict.wasm")), "missing.wasm", Uint8Array.of(1)]) {
      expect(await open(globals, { wasm })).toMatchObject({ backend: "js", loss: wanted });
    }
    expect((await open(globals, { wasm: 7 })).rejected).toMatch(
      /^createLosses: wasm must be a URL, a string, bytes or/,
    );
  });
});
