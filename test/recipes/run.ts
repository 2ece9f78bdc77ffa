/**
 * `npm run test:recipes`: every block of code of docs/recipes.md, as it stands there, beside the packed package and what the
 * recipe is for. Each prints a number, which must be the right one. The word given as argument: only recipes that have it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../browsers/launch.ts";
import { serve } from "../browsers/server.ts";
import { npy } from "../files.ts";
import { crossEntropyOfLabels } from "../oracle.ts";
import { linearModel } from "./onnx.ts";
import { type Block, recipes } from "./page.ts";

const PACKAGES = ["onnxruntime-node@1.30", "@tensorflow/tfjs@4.22", "vite@8.3.8", "jest@30"];
const root = fileURLToPath(new URL("../..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "wasm-loss-recipes-"));
const at = (name: string) => join(work, name);
const run = (command: string, args: string[], cwd = work) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe", maxBuffer: 2 ** 26 });

/** The lines of an output that are numbers. */
const numbersIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => /^\s*[-+\d.e]+\s*$/.test(line))
    .map(Number);

/** What a module prints that begins as every recipe does. */
function module(...parts: string[]): number[] {
  writeFileSync(at("recipe.mjs"), [engine, ...parts].join("\n"));
  return numbersIn(run(process.execPath, ["recipe.mjs"]));
}

/** What lines of a shell print: the figure of each table that is named. */
function shell(block: Block, figure: string): number[] {
  const { stdout, stderr, status } = spawnSync("sh", ["-ec", block.text], { cwd: work, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return [...stdout.matchAll(new RegExp(`^${figure} +([-+\\d.e]+)`, "gm"))].map(([, number]) => Number(number));
}

/** The numbers that a page logs, until there are so many. */
async function logged(files: ReadonlyMap<string, string | Uint8Array>, folder: "plain" | "policy", count: number) {
  const server = await serve(files);
  const browser = await playwright.launch({
    executablePath: chromium!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
  });
  try {
    const page = await browser.newPage();
    const numbers: number[] = [];
    const others: string[] = [];
    const done = new Promise<void>((resolve) => {
      page.on("console", (message) => {
        const [number] = numbersIn(message.text());
        if (number === undefined) others.push(message.text());
        else if (numbers.push(number) === count) resolve();
      });
    });
    page.on("pageerror", (error) => others.push(error.message));
    await page.goto(`${server.address}/${folder}/index.html`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${numbers.length} numbers in 60 s; ${others.join("; ")}`)), 60_000);
    });
    await Promise.race([done, late]).finally(() => clearTimeout(timer));
    return numbers;
  } finally {
    await browser.close();
    server.close();
  }
}

/** The files below a folder, by their paths from it behind a prefix. */
function filesOf(folder: string, prefix = ""): [string, Uint8Array][] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [prefix + path.slice(folder.length + 1).replaceAll("\\", "/"), readFileSync(path)];
  });
}

/** Multiples of 1/2 from -2 to 3, which every dtype holds. */
const values = (n: number, step = 7) => Float32Array.from({ length: n }, (_, i) => ((i * step) % 11) / 2 - 2);
const labelsFor = (n: number, classes: number) => Array.from({ length: n }, (_, i) => (i * i + 1) % classes);
const lossOf = (x: ArrayLike<number>, y: readonly number[], classes: number) =>
  crossEntropyOfLabels(x, y, { classes }).loss;
const text = (data: ArrayLike<number>) => `[${Array.from(data).join()}]`;

/** All rows in one file. */
function writeWhole(): void {
  writeFileSync(at("logits.npy"), npy(x, [rows, classes]));
  writeFileSync(at("labels.npy"), npy(Int32Array.from(y), [rows]));
}

/** [rows, features] x [features, classes] */
function product(x: ArrayLike<number>, weights: ArrayLike<number>, features: number): number[] {
  const classes = weights.length / features;
  return Array.from({ length: (x.length / features) * classes }, (_, i) => {
    const [row, k] = [Math.floor(i / classes), i % classes];
    let sum = 0;
    for (let j = 0; j < features; j++) sum += x[row * features + j] * weights[j * classes + k];
    return sum;
  });
}

/** The bits of float16 of multiples of 1/2. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) + (exponent + 15) * 1024 + (Math.abs(value) / 2 ** exponent - 1) * 1024;
}

/** By heading: runs the recipe's blocks in order, and gives what they print beside what is right. */
interface Outcome {
  readonly printed: readonly number[];
  readonly right: readonly number[];
  /** Relative. */
  readonly tolerance?: number;
}
type Recipe = (take: () => Block) => Outcome | Promise<Outcome>;

const [rows, classes] = [8, 5];
const x = values(rows * classes);
const y = labelsFor(rows, classes);
const size = `const [rows, classes] = [${rows}, ${classes}];`;

function onnx(shape: readonly number[], isHalf: boolean): { setup: string; right: number } {
  const features = shape[shape.length - 1];
  const [input, weights] = [values(shape.reduce((a, b) => a * b)), values(features * classes, 5)];
  writeFileSync(at("model.onnx"), linearModel(shape, weights, isHalf));
  const labels = labelsFor(input.length / features, classes);
  const setup = `import { InferenceSession, Tensor } from "onnxruntime-node";
    const session = await InferenceSession.create("model.onnx");
    const input = new Tensor("float32", Float32Array.from(${text(input)}), ${text(shape)});
    const labels = BigInt64Array.from(${text(labels)}, BigInt);`;
  return { setup, right: lossOf(product(input, weights, features), labels, classes) };
}

/** Mean of Σ p (ln p - ln q) of rows of logits. */
function meanDivergence(base: readonly number[], other: readonly number[]): number {
  const logProbabilities = (logits: readonly number[], row: number) => {
    const x = logits.slice(row * classes, (row + 1) * classes);
    const whole = Math.log(x.reduce((sum, it) => sum + Math.exp(it), 0));
    return x.map((it) => it - whole);
  };
  let sum = 0;
  for (let row = 0; row < base.length / classes; row++) {
    const [p, q] = [logProbabilities(base, row), logProbabilities(other, row)];
    p.forEach((lp, j) => {
      sum += Math.exp(lp) * (lp - q[j]);
    });
  }
  return sum / (base.length / classes);
}

/** Softmax regression by gradient descent from zero, as the recipe's 20 steps. */
function trained(input: ArrayLike<number>, labels: readonly number[], features: number): number {
  const weights = new Array<number>(features * classes).fill(0);
  for (let step = 0; step < 20; step++) {
    const { gradient } = crossEntropyOfLabels(product(input, weights, features), labels, { classes });
    for (let j = 0; j < features; j++) {
      for (let k = 0; k < classes; k++) {
        labels.forEach((_, row) => {
          weights[j * classes + k] -= 0.5 * input[row * features + j] * gradient[row * classes + k];
        });
      }
    }
  }
  return lossOf(product(input, weights, features), labels, classes);
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  "A training step without copies": (take) => ({
    printed: module(
      `${size} const [inputs, labels] = [${text(x)}, ${text(y)}];
       const predict = (from, to) => to.set(from), update = () => {};`,
      take().text,
    ),
    right: [lossOf(x, y, classes)],
  }),

  "onnxruntime-node and onnxruntime-web": (take) => {
    const [plain, half] = [take(), take()];
    const outcomes = [
      [plain, [4, 6], false],
      [plain, [2, 3, 6], false],
      [half, [4, 6], true],
      [half, [2, 3, 6], true],
      [half, [4, 6], false],
    ] as const;
    const printed: number[] = [];
    const right = outcomes.map(([block, shape, isHalf]) => {
      const model = onnx(shape, isHalf);
      printed.push(...module(model.setup, block.text));
      return model.right;
    });
    return { printed, right };
  },

  "A quantized model against its original": (take) => {
    const features = 6;
    const weights = values(features * classes, 5).map((it, i) => it + i / 100);
    // what 8 bits hold of them, as float32: of integers onnxruntime may round inputs, too
    const rounded = weights.map((it) => Math.round(32 * it) / 32);
    writeFileSync(at("model.onnx"), linearModel([rows, features], weights, false));
    writeFileSync(at("quantized.onnx"), linearModel([rows, features], rounded, false));
    const input = values(rows * features);
    const batch = `{ input: new Tensor("float32", Float32Array.from(${text(input)}), [${rows}, ${features}]), labels: ${text(y)} }`;
    take();
    const printed = module(
      `import { InferenceSession, Tensor } from "onnxruntime-node";
       const classes = ${classes}, batches = [${batch}];`,
      take().text.replace(', "±", perplexityRatio.error', ""),
    );
    const [base, other] = [weights, rounded].map((it) => product(input, it, features));
    writeFileSync(at("original.npy"), npy(Float32Array.from(base), [rows, classes]));
    writeFileSync(at("quantized.npy"), npy(Float32Array.from(other), [rows, classes]));
    writeFileSync(at("labels.npy"), npy(Int32Array.from(y), [rows]));
    printed.push(...shell(take(), "Mean KLD"));
    const divergence = meanDivergence(base, other);
    const tops = [base, other].map((logits) =>
      Array.from({ length: rows }, (_, i) => {
        const row = logits.slice(i * classes, (i + 1) * classes);
        return row.indexOf(Math.max(...row));
      }),
    );
    const same = tops[0].filter((top, i) => top === tops[1][i]).length / rows;
    const ratio = Math.exp(lossOf(other, y, classes) - lossOf(base, y, classes));
    return { printed, right: [divergence, ratio, same, divergence], tolerance: 1e-5 };
  },

  "transformers.js: perplexity of a text": (take) => ({
    printed: module(
      `const text = "", tokenizer = () => ({ input_ids: { dims: [1, ${rows}], data: BigInt64Array.from(${text(y)}, BigInt) } });
       const model = async () => ({ logits: { dims: [1, ${rows}, ${classes}], data: Float32Array.from(${text(x)}) } });`,
      take().text,
    ),
    right: [Math.exp(lossOf(x.slice(0, -classes), y.slice(1), classes))],
  }),

  "TensorFlow.js: a loss that is trained with": (take) => {
    const features = 3;
    const input = values(rows * features);
    return {
      printed: module(
        `${size} const features = ${features}, labels = ${text(y)};
         const x = tf.tensor2d(${text(input)}, [rows, features]);`,
        take().text,
      ),
      right: [trained(input, y, features)],
      tolerance: 1e-5,
    };
  },

  "From Python": (take) => {
    take();
    const n = 2500;
    const [logits, labels] = [values(n * classes), labelsFor(n, classes)];
    writeFileSync(at("logits.npy"), npy(Uint16Array.from(logits, halfBits), [n, classes], "<f2"));
    writeFileSync(at("labels.npy"), npy(BigInt64Array.from(labels, BigInt), [n]));
    const printed = shell(take(), "loss");
    const half = take().text;
    printed.push(...module(`const labels = Int32Array.from(${text(labels)});`, half));
    const loss = lossOf(logits, labels, classes);
    return { printed, right: [loss, loss] };
  },

  "Parts on several machines": (take) => {
    const half = rows / 2;
    [0, 1].forEach((i) => {
      const part = x.slice(i * half * classes, (i + 1) * half * classes);
      writeFileSync(at(`part${i + 1}.npy`), npy(part, [half, classes]));
      writeFileSync(at(`labels${i + 1}.npy`), npy(Int32Array.from(y.slice(i * half, (i + 1) * half)), [half]));
    });
    const printed = shell(take(), "perplexity").slice(2);
    printed.push(...module(take().text));
    writeWhole();
    printed.push(...shell(take(), "perplexity").slice(3));
    const perplexity = Math.exp(lossOf(x, y, classes));
    return { printed, right: [perplexity, perplexity, perplexity] };
  },

  "What became of each row": (take) => {
    writeWhole();
    const printed = shell(take(), "second");
    const ofSecond = y.flatMap((label, i) => {
      const row = x.subarray(i * classes, (i + 1) * classes);
      return row.filter((logit) => logit > row[label]).length === 1 ? lossOf(row, [label], classes) : [];
    });
    return { printed, right: [ofSecond.reduce((a, b) => a + b) / ofSecond.length] };
  },

  "A page without a bundler": async (take) => {
    const dist = filesOf(at("node_modules/wasm-loss/dist"), "node_modules/wasm-loss/dist/");
    const page = `<!doctype html><meta charset="utf-8"><body>${take().text}`;
    const printed = await logged(new Map<string, string | Uint8Array>([["index.html", page], ...dist]), "plain", 1);
    return { printed, right: [lossOf([2, 1, 0.1], [0], 3)] };
  },

  Vite: async (take) => {
    const [main, config] = [take(), take()];
    writeFileSync(at("index.html"), '<!doctype html><script type="module" src="/main.js"></script>\n');
    const engineRuns = "console.log(losses.threads / navigator.hardwareConcurrency); console.log(losses.notes.length);";
    writeFileSync(at("main.js"), main.text + engineRuns);
    writeFileSync(at("vite.config.js"), config.text);
    run("npx", ["vite", "build", "--base", "./", "--outDir", "built", "--logLevel", "error"]);
    const printed = await logged(new Map(filesOf(at("built"))), "policy", 3);
    const served = `import { createServer } from "vite";
      const server = await createServer({ logLevel: "error", server: { host: "127.0.0.1" } });
      await server.listen();
      const { headers } = await fetch(server.resolvedUrls.local[0]);
      console.log(Number(headers.get("cross-origin-opener-policy") === "same-origin"));
      console.log(Number(headers.get("cross-origin-embedder-policy") === "require-corp"));
      await server.close();`;
    printed.push(...module(served));
    return { printed, right: [lossOf([2, 1, 0.1], [0], 3), 1, 0, 1, 1] };
  },

  Jest: (take) => {
    writeFileSync(at("loss.test.mjs"), take().text);
    const { stdout, stderr, status } = spawnSync("sh", ["-ec", take().text], { cwd: work, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return { printed: numbersIn(stdout + stderr), right: [lossOf([9, 0, 0], [0], 3)] };
  },

  "Off the main thread of a page": async (take) => {
    writeFileSync(at("worker.js"), take().text);
    const { outputFiles } = await build({
      absWorkingDir: work,
      entryPoints: ["worker.js"],
      bundle: true,
      format: "esm",
      write: false,
      logLevel: "error",
    });
    const data = `const [logits, labels, classes] = [Float32Array.from(${text(x)}), Int32Array.from(${text(y)}), ${classes}];`;
    const files = new Map([
      ["index.html", `<!doctype html><script type="module">${data}\n${take().text}</script>`],
      ["worker.js", outputFiles[0].text],
    ]);
    return { printed: await logged(files, "plain", 1), right: [lossOf(x, y, classes)] };
  },
};

const blocks = recipes();
const engine = blocks.get("")![0].text;
const only = process.argv[2]?.toLowerCase() ?? "";
let failures = 0;
function tell(name: string, failure: string | undefined, begin: number): void {
  if (failure !== undefined) failures++;
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(
    `${failure === undefined ? "ok  " : "FAIL"}  ${name} (${seconds} s)${failure === undefined ? "" : `: ${failure}`}`,
  );
}

/** What is wrong with what a recipe prints. */
function compare({ printed, right, tolerance = 1e-6 }: Outcome): string | undefined {
  const fits =
    printed.length === right.length &&
    printed.every((it, i) => Math.abs(it - right[i]) <= tolerance * Math.abs(right[i]));
  return fits ? undefined : `prints ${printed.join(", ")}, but ${right.join(", ")} is right`;
}

async function outcomeOf(heading: string, all: readonly Block[]): Promise<string | undefined> {
  const recipe = RECIPES[heading];
  if (recipe === undefined) return "is not run by this test";
  const left = [...all];
  const take = () => {
    const block = left.shift();
    if (block === undefined) throw new Error("has less blocks than this test runs");
    return block;
  };
  try {
    const failure = compare(await recipe(take));
    return failure ?? (left.length > 0 ? `has ${left.length} blocks that this test does not run` : undefined);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr || message;
  }
}

try {
  const begin = performance.now();
  const flags = ["--ignore-scripts", "--json", "--pack-destination", work, "--loglevel=error"];
  const [{ filename }] = JSON.parse(run("npm", ["pack", ...flags], root));
  writeFileSync(at("package.json"), '{ "private": true, "type": "module" }\n');
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  run("npm", ["install", ...quiet, at(filename), ...PACKAGES]);
  tell(`installed beside ${PACKAGES.join(", ")}`, undefined, begin);
  for (const [heading, all] of blocks) {
    if (heading === "" || !heading.toLowerCase().includes(only)) continue;
    const start = performance.now();
    tell(heading, await outcomeOf(heading, all), start);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (failures > 0) process.exitCode = 1;
