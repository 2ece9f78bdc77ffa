import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { engineName } from "../../src/cli/engineName.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { formatNpyHeader, type NpyArray } from "../../src/formats/npyHeader.ts";
import { createLosses } from "../../src/index.node.ts";
import { arrayOf, dtypes, labelArrays, labelsOf, logitsOf, mulberry32, rowLossTolerance } from "../inputs.ts";
import { crossEntropyOfLabels } from "../oracle.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-cli-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const rows = 60;
const classes = 10;
const logits = logitsOf(mulberry32(1), "float32", rows, classes);
const labels = labelsOf(mulberry32(2), rows, classes);
const expected = crossEntropyOfLabels(logits, labels, { classes });

beforeAll(() => {
  writeNpy(at("logits.npy"), logits, [rows, classes]);
  writeNpy(at("labels.npy"), BigInt64Array.from(labels, BigInt), [rows]);
});

/** Runs the command line where the files are. */
function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

/** The same in a shell, which sees Node as $0 and the command line as $1. */
function shell(script: string) {
  return spawnSync("sh", ["-c", script, process.execPath, main], { cwd: folder, encoding: "utf8" });
}

interface Evaluation {
  rows: number;
  classes: number;
  counted: number;
  loss: { sum: number | string; mean: number | string };
  perplexity: number | string;
  accuracy: number | string;
  logitsPerSecond: number;
  backend: string;
  notes: string[];
}

function evaluate(...args: string[]): Evaluation {
  const { code, stdout, stderr } = run("evaluate", ...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^.*\n$/);
  return JSON.parse(stdout);
}

function expectMean(got: number | string, x: typeof logits, y: ArrayLike<number>, k: number, ignoreIndex = -100): void {
  const { loss } = crossEntropyOfLabels(x, y, { classes: k, ignoreIndex });
  const tolerance = rowLossTolerance(x instanceof Float32Array ? "float32" : "float64", loss, k);
  expect(Math.abs(Number(got) - loss), `mean ${got}, wanted ${loss}`).toBeLessThanOrEqual(tolerance);
}

describe("evaluate", () => {
  test("prints a table", () => {
    const { code, stdout, stderr } = run("evaluate", "logits.npy", "labels.npy");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual([
      "loss",
      "standard error",
      "perplexity",
      "bits per row",
      "accuracy",
      "top-5",
      "top-10",
      "reciprocal rank",
      "entropy",
      "Brier score",
      "calibration error",
      "rows",
      "classes",
      "backend",
      "speed",
    ]);
    for (const line of lines) expect(line).toMatch(/^[A-Za-z0-9 -]{17} {2}\S/);
    expect(Number.parseFloat(lines[0].split(/ +/)[1])).toBeCloseTo(expected.loss, 5);
    expect(lines[0]).toMatch(/ nats \(mean\)$/);
    expect(lines[11]).toMatch(/^rows +60$/);
    expect(lines[14]).toMatch(/ logits\/s$/);
  });

  test("prints JSON", () => {
    const it = evaluate("logits.npy", "labels.npy");
    expect(it).toMatchObject({ rows, classes, counted: rows, notes: [] });
    expectMean(it.loss.mean, logits, labels, classes);
    expect(it.loss.mean).toBe(Number(it.loss.sum) / rows);
    expect(Number(it.perplexity) / Math.exp(Number(it.loss.mean))).toBeCloseTo(1, 14);
    expect(it.accuracy).toBe(accuracyOf(logits, labels, classes));
    expect(it.logitsPerSecond).toBeGreaterThan(0);
  });

  test("wasm and js give the same numbers, for both dtypes", () => {
    for (const dtype of dtypes) {
      const x = arrayOf[dtype].from(logits);
      writeNpy(at("dtype.npy"), x, [rows, classes]);
      const [wasm, js, auto] = ["wasm", "js", "auto"].map((backend) =>
        evaluate("dtype.npy", "labels.npy", "--backend", backend),
      );
      expect([wasm.backend, js.backend, auto.backend]).toEqual(["wasm", "js", "wasm"]);
      expectMean(js.loss.mean, x, labels, classes);
      for (const it of [wasm, auto]) {
        const { loss, perplexity, accuracy } = js;
        expect(it).toMatchObject({ loss, perplexity, accuracy });
      }
    }
  });

  test("labels of every integer type", () => {
    for (const type of labelArrays) {
      const element = (type === BigInt64Array || type === BigUint64Array ? BigInt : Number) as typeof BigInt;
      const y = (type as typeof BigInt64Array).from(Array.from(labels), element);
      writeNpy(at("typed.npy"), y, [rows]);
      expectMean(evaluate("logits.npy", "typed.npy").loss.mean, logits, labels, classes);
    }
  });

  test("labels of floats that are integers; it is told once", () => {
    const wanted = evaluate("logits.npy", "labels.npy").loss;
    const bits = Uint16Array.from(
      Float32Array.from(labels),
      (_, i) => new Uint32Array(Float32Array.of(labels[i]).buffer)[0] >>> 16,
    );
    const files: [string, NpyArray, string[], string][] = [
      ["y32.npy", Float32Array.from(labels), [], "f32"],
      ["y64.npy", Float64Array.from(labels), ["--threads", "2"], "f64"],
      ["y32.npy", Float32Array.from(labels), ["--classes", "10", "--per-class"], "f32"],
    ];
    for (const [name, y, args, dtype] of files) {
      writeNpy(at(name), y, [rows]);
      const { code, stdout, stderr } = run("evaluate", "logits.npy", name, ...args, "--json");
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: `wasm-loss: ${name}: labels are ${dtype}; taken as integers\n`,
      });
      expect(JSON.parse(stdout).loss).toEqual(wanted);
    }
    writeFileSync(at("y.bin"), bits);
    const { stdout } = run("evaluate", "logits.npy", "y.bin", "--labels-dtype", "bf16", "--json");
    expect(JSON.parse(stdout).loss).toEqual(wanted);
  });

  test("labels of shape (N, 1), and of other axes of length 1 at either end", () => {
    const wanted = evaluate("logits.npy", "labels.npy").loss;
    for (const shape of [
      [rows, 1],
      [1, rows],
      [1, rows, 1],
    ]) {
      writeNpy(at("column.npy"), labels, shape);
      expect(evaluate("logits.npy", "column.npy").loss).toEqual(wanted);
    }
    writeNpy(at("logits3.npy"), logits, [4, 15, classes]);
    writeNpy(at("labels2.npy"), labels, [4, 15]);
    writeNpy(at("labels3.npy"), labels, [4, 15, 1]);
    expect(evaluate("logits3.npy", "labels3.npy").loss).toEqual(wanted);
    const shifted = evaluate("logits3.npy", "labels2.npy", "--shift");
    expect(evaluate("logits3.npy", "labels3.npy", "--shift").loss).toEqual(shifted.loss);
    writeNpy(at("flat.npy"), logits, [rows * classes]);
    expect(evaluate("flat.npy", "labels3.npy", "--classes", "10", "--shift").loss).toEqual(shifted.loss);
    expect(run("evaluate", "logits.npy", "column.npy", "--shift").stdout).toMatch(/^rows +60 \(59 counted/m);
    writeNpy(at("column.npy"), labels, [rows, 1]);
    expect(run("evaluate", "logits.npy", "column.npy", "--shift").stderr).toMatch(/--shift needs sequences/);
  });

  test("all dimensions but the last are rows; labels have the leading shape or are flat", () => {
    const { loss } = evaluate("logits.npy", "labels.npy");
    writeNpy(at("logits3.npy"), logits, [4, 15, classes]);
    writeNpy(at("labels2.npy"), labels, [4, 15]);
    writeNpy(at("flat.npy"), logits, [rows * classes]);
    expect(evaluate("logits3.npy", "labels2.npy")).toMatchObject({ rows, classes, loss });
    expect(evaluate("logits3.npy", "labels.npy", "--classes", "10")).toMatchObject({ rows, classes, loss });
    expect(evaluate("flat.npy", "labels.npy", "--classes=10")).toMatchObject({ rows, classes, loss });
  });

  test("ignored rows don't count", () => {
    const ignored = labels.map((label, row) => (row % 3 === 0 ? -100 : label));
    writeNpy(at("ignored.npy"), ignored, [rows]);
    const it = evaluate("logits.npy", "ignored.npy");
    expect(it).toMatchObject({ rows, counted: 40, accuracy: accuracyOf(logits, ignored, classes) });
    expectMean(it.loss.mean, logits, ignored, classes);
    expect(run("evaluate", "logits.npy", "ignored.npy").stdout).toMatch(/^rows +60 \(40 counted, 20 ignored\)$/m);

    const minusOne = ignored.map((label) => (label === -100 ? -1 : label));
    writeNpy(at("minusOne.npy"), Int8Array.from(minusOne), [rows]);
    for (const args of [["--ignore-index", "-1"], ["--ignore-index=-1"]]) {
      expect(evaluate("logits.npy", "minusOne.npy", ...args)).toMatchObject({ counted: 40, loss: it.loss });
    }
    const seven = evaluate("logits.npy", "labels.npy", "--ignore-index", "7");
    expectMean(seven.loss.mean, logits, labels, classes, 7);
    expect(seven.counted).toBe(labels.filter((label) => label !== 7).length);
  });

  test("what is not finite is said as it is", () => {
    const x = Float32Array.of(0, 1, 2, -Infinity, 1, 2, Number.NaN, 1, 2, -Infinity, -Infinity, -Infinity);
    writeNpy(at("nonFinite.npy"), x, [4, 3]);
    const of = (...y: number[]) => {
      writeNpy(at("few.npy"), Int32Array.from(y), [4]);
      const { loss, perplexity, accuracy } = evaluate("nonFinite.npy", "few.npy");
      return { mean: loss.mean, perplexity, accuracy };
    };
    expect(of(2, 0, -100, -100)).toEqual({ mean: "Infinity", perplexity: "Infinity", accuracy: 0.5 });
    expect(of(2, 2, 2, -100)).toEqual({ mean: "NaN", perplexity: "NaN", accuracy: 2 / 3 });
    // The first of equal maxima counts, -Infinity too.
    expect(of(-100, -100, -100, 0)).toEqual({ mean: "NaN", perplexity: "NaN", accuracy: 1 });
    expect(of(-100, -100, -100, 1)).toEqual({ mean: "NaN", perplexity: "NaN", accuracy: 0 });
    expect(of(-100, -100, -100, -100)).toEqual({ mean: "NaN", perplexity: "NaN", accuracy: "NaN" });
  });

  test("no rows", () => {
    writeNpy(at("none.npy"), new Float32Array(0), [0, 10]);
    writeNpy(at("noLabels.npy"), new Int32Array(0), [0]);
    expect(evaluate("none.npy", "noLabels.npy")).toMatchObject({
      rows: 0,
      counted: 0,
      loss: { sum: 0, mean: "NaN" },
      accuracy: "NaN",
      logitsPerSecond: 0,
    });
  });

  test("many batches give the mean of one call, bit for bit", async () => {
    // 6 and 12 MB: several batches, the last of them smaller.
    const [many, k] = [5003, 301];
    const y = labelsOf(mulberry32(4), many, k, -100);
    writeNpy(at("manyLabels.npy"), Int16Array.from(y), [many]);
    const losses = await createLosses();
    for (const dtype of dtypes) {
      const x = logitsOf(mulberry32(3), dtype, many, k);
      writeNpy(at("many.npy"), x, [many, k]);
      const it = evaluate("many.npy", "manyLabels.npy");
      expect(it.loss.mean).toBe(losses.crossEntropy(x, y, { classes: k }));
      expect(it.accuracy).toBe(accuracyOf(x, y, k));
    }
    losses.close();
  });

  test("a row larger than the arena, without a bar where there is no terminal", () => {
    // 128 MiB of zeros that take no room on the disk: every class has the probability 2^-24.
    const k = 2 ** 24;
    writeFileSync(at("wide.npy"), formatNpyHeader(Float64Array, [1, k]));
    truncateSync(at("wide.npy"), readFileSync(at("wide.npy")).length + 8 * k);
    writeNpy(at("wideLabels.npy"), Int32Array.of(0), [1]);
    const it = evaluate("wide.npy", "wideLabels.npy");
    expect(it).toMatchObject({ rows: 1, classes: k, accuracy: 1 });
    expect(Number(it.loss.mean) / (24 * Math.LN2)).toBeCloseTo(1, 14);
  });

  // Other systems may have no such device.
  const pipes = process.platform === "linux" ? ["/dev/stdin"] : [];
  test.each(pipes)("a pipe is read as well: %s", (device) => {
    const script = `cat logits.npy | "$0" "$1" evaluate ${device} labels.npy --json`;
    const { stdout, status } = shell(script);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).loss).toEqual(evaluate("logits.npy", "labels.npy").loss);
  });
});

describe("failures: one line, exit code 1, nothing on standard output", () => {
  const npy = () => readFileSync(at("logits.npy"));
  /** The text of the header, changed without a change of its length. */
  const edited = (from: string, to: string) => Buffer.from(npy().toString("latin1").replace(from, to), "latin1");
  const bad: [title: string, file: () => Buffer, line: string][] = [
    ["truncated", () => npy().subarray(0, -1), "truncated data: 2400 bytes expected, 2399 found"],
    ["cut in the header", () => npy().subarray(0, 60), "truncated header: 128 bytes expected, 60 found"],
    ["empty", () => Buffer.alloc(0), "truncated header: the file ends after 0 bytes"],
    ["too long", () => Buffer.concat([npy(), Buffer.of(0)]), "trailing bytes: 2400 bytes of data expected, 2401 found"],
    ["of a wrong magic", () => edited("NUMPY", "NUMPI"), "not an npy file (byte 5 is not that of \\x93NUMPY)"],
    ["of integers", () => edited("<f4", "<i4"), "logits are i32, but must be floats"],
    [
      "of an unsupported dtype",
      () => edited("<f4", "<c4"),
      'unsupported dtype "<c4" (supported are <f2 <f4 <f8 |b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8)',
    ],
    [
      "without classes",
      () => edited("(60, 10)", "(60,  0)").subarray(0, 128),
      "shape (60, 0) has 0 classes, but at least one is needed",
    ],
    [
      "of one dimension",
      () => edited("(60, 10)", "( 600,) "),
      "shape (600,) is not (rows, classes), and --classes isn't given",
    ],
  ];

  function expectFailure(args: string[], line: string): void {
    expect(run("evaluate", ...args)).toEqual({ code: 1, stdout: "", stderr: `wasm-loss: ${line}\n` });
  }

  test.each(bad)("a file %s", (_title, file, line) => {
    writeFileSync(at("bad.npy"), file());
    expectFailure(["bad.npy", "labels.npy"], `bad.npy: ${line}`);
  });

  test("labels that are no integers, or probabilities", () => {
    writeNpy(
      at("halves.npy"),
      Float64Array.from(labels, (y, i) => (i === 7 ? 0.5 : y)),
      [rows],
    );
    expectFailure(["logits.npy", "halves.npy"], "halves.npy: labels[7] is 0.5, but must be an integer");
    writeNpy(at("nan.npy"), new Float32Array(rows).fill(Number.NaN), [rows]);
    expectFailure(["logits.npy", "nan.npy"], "nan.npy: labels[0] is NaN, but must be an integer");
    writeNpy(
      at("large.npy"),
      Float64Array.from(labels, (y, i) => (i === 9 ? 2 ** 32 : y)),
      [rows],
    );
    expectFailure(
      ["logits.npy", "large.npy"],
      "large.npy: labels[9] is 4294967296, but classes is 10 (allowed 0..9, or ignoreIndex -100)",
    );
    writeNpy(at("noOnes.npy"), new Uint8Array(rows * classes), [rows, classes]);
    for (const name of ["noOnes.npy", "logits.npy"]) {
      const line = "labels of the logits' shape must be one-hot, but row 0 is not a 1 among zeros";
      expectFailure(["logits.npy", name], `${name}: ${line}`);
    }
  });

  test("a file that isn't there, a folder", () => {
    expectFailure(["logits.npy", "missing.npy"], "missing.npy: no such file or directory");
    expectFailure([".", "labels.npy"], ".: illegal operation on a directory");
  });

  test("a name with a line break stays on one line", () => {
    expectFailure(["a\nb\x1b[31m.npy", "labels.npy"], "a b [31m.npy: no such file or directory");
    // what turns the direction of text, ends lines or can't be seen
    for (const c of [
      "\u202e",
      "\u2066",
      "\u200f",
      "\u061c",
      "\u2028",
      "\u0085",
      "\u009b",
      "\ufeff",
      "\u200b",
      "\u00ad",
    ]) {
      expectFailure([`a${c}b.npy`, "labels.npy"], "a b.npy: no such file or directory");
    }
    // what names are written with
    for (const name of ["\u0645\u06cc\u200c\u062e.npy", "\u{1f469}\u200d\u{1f680}.npy", "e\u0301.npy"]) {
      expectFailure([name, "labels.npy"], `${name}: no such file or directory`);
    }
  });

  test("a shape that does not fit", () => {
    writeNpy(at("fewer.npy"), labels.subarray(1), [rows - 1]);
    expectFailure(
      ["logits.npy", "fewer.npy"],
      "fewer.npy: shape (59,) does not fit the logits of shape (60, 10) in logits.npy (expected (60,))",
    );
    writeNpy(at("column.npy"), labels, [4, 15]);
    expectFailure(
      ["logits.npy", "column.npy"],
      "column.npy: shape (4, 15) does not fit the logits of shape (60, 10) in logits.npy (expected (60,))",
    );
    expectFailure(
      ["logits.npy", "labels.npy", "--classes", "12"],
      "logits.npy: shape (60, 10) has 10 classes, but --classes is 12",
    );
    writeNpy(at("flat.npy"), logits, [rows * classes]);
    expectFailure(
      ["flat.npy", "labels.npy", "--classes", "7"],
      "flat.npy: 600 elements are not a multiple of 7 (--classes)",
    );
    writeFileSync(at("wide.npy"), formatNpyHeader(Float32Array, [1, 2 ** 24 + 1]));
    truncateSync(at("wide.npy"), readFileSync(at("wide.npy")).length + 4 * (2 ** 24 + 1));
    expectFailure(
      ["wide.npy", "labels.npy"],
      "wide.npy: shape (1, 16777217) has 16777217 classes, but at most 16777216 are possible",
    );
  });

  test("an engine without what --backend needs", () => {
    const options = ["--jitless", main, "evaluate", "logits.npy", "labels.npy", "--backend", "wasm"];
    const { status, stdout, stderr } = spawnSync(process.execPath, options, { cwd: folder, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    // Node has a warning of its own before it
    expect(stderr).toMatch(/^wasm-loss: --backend is "wasm", but this engine has no WebAssembly\n$/m);
  });

  test("a label out of range is named by its row in the file, whatever the batch", () => {
    const outOfRange = (row: number, value: number) => {
      const y = new Int32Array(200_000);
      y[row] = value;
      writeNpy(at("outOfRange.npy"), y, [y.length]);
      return `outOfRange.npy: labels[${row}] is ${value}, but classes is 10 (allowed 0..9, or ignoreIndex -100)`;
    };
    writeNpy(at("zeros.npy"), new Float32Array(2_000_000), [200_000, 10]);
    for (const backend of ["wasm", "js"]) {
      expectFailure(["zeros.npy", "outOfRange.npy", "--backend", backend], outOfRange(17, 10));
      expectFailure(["zeros.npy", "outOfRange.npy", "--backend", backend], outOfRange(199_999, -1));
    }
    const huge = BigUint64Array.from(labels, BigInt);
    huge[5] = 2n ** 64n - 1n;
    writeNpy(at("huge.npy"), huge, [rows]);
    expectFailure(
      ["logits.npy", "huge.npy", "--ignore-index", "3"],
      "huge.npy: labels[5] is 18446744073709551615, but classes is 10 (allowed 0..9, or ignoreIndex 3)",
    );
  });

  // Other systems have no such device.
  const full = existsSync("/dev/full") ? ["/dev/full"] : [];
  test.each(full)("a full disk: %s", (device) => {
    const script = `"$0" "$1" evaluate logits.npy labels.npy > ${device}`;
    const { status, stderr } = shell(script);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "wasm-loss: standard output: no space left on device\n",
    });
  });
});

test("a closed pipe is quiet", async () => {
  for (const args of [["--help"], ["evaluate", "logits.npy", "labels.npy"]]) {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
});

describe("wrong usage: one line, exit code 2", () => {
  const files = ["logits.npy", "labels.npy"];
  test.each<[string[], string]>([
    [[], "no command is given"],
    [["frobnicate"], 'there is no command "frobnicate"'],
    [["toString"], 'there is no command "toString"'],
    [["evalute"], 'there is no command "evalute" (evaluate?)'],
    [["Merge", "x.acc"], 'there is no command "Merge" (merge?)'],
    [["--verison"], 'there is no command "--verison" (version?)'],
    [["--threads", "2", "info"], 'there is no command "--threads": options follow a command'],
    [["help", "inof"], 'there is no command "inof" (info?)'],
    [["evaluate", ...files, "--topk", "3"], "Unknown option '--topk' (--top-k?)"],
    [["evaluate", ...files, "--thread=2"], "Unknown option '--thread' (--threads?)"],
    [["evaluate", ...files, "--ignore_index", "3"], "Unknown option '--ignore_index' (--ignore-index?)"],
    [["merge", "x.acc", "--rport", "r.html"], "Unknown option '--rport' (--report?)"],
    [["info", "--jsno"], "Unknown option '--jsno' (--json?)"],
    [["evaluate"], "evaluate takes LOGITS and LABELS, or one file of both, but got 0"],
    [["evaluate", ...files, "x"], "evaluate takes LOGITS and LABELS, or one file of both, but got 3"],
    [["evaluate", ...files, "--frobnicate"], "Unknown option '--frobnicate'"],
    [["evaluate", ...files, "--classes"], "Option '--classes <value>' argument missing"],
    [["evaluate", ...files, "--classes", "ten"], '--classes is "ten", but must be an integer from 1 to 16777216'],
    [["evaluate", ...files, "--classes", "0"], '--classes is "0", but must be an integer from 1 to 16777216'],
    [["evaluate", ...files, "--classes", "-3"], '--classes is "-3", but must be an integer from 1 to 16777216'],
    [
      ["evaluate", ...files, "--classes", "16777217"],
      '--classes is "16777217", but must be an integer from 1 to 16777216',
    ],
    ...["1.5", "", "2147483648", "-2147483649"].map((it): [string[], string] => [
      ["evaluate", ...files, `--ignore-index=${it}`],
      `--ignore-index is "${it}", but must be an integer from -2147483648 to 2147483647`,
    ]),
    [["evaluate", ...files, "--backend", "gpu"], '--backend is "gpu", but must be one of auto, wasm, js'],
    [["evaluate", ...files, "--json=yes"], "Option '--json' does not take an argument"],
    [["info", "logits.npy"], "info takes no arguments, but got 1"],
  ])("%j", (args, line) => {
    expect(run(...args)).toEqual({ code: 2, stdout: "", stderr: `wasm-loss: ${line} (see wasm-loss --help)\n` });
  });
});

describe("what runs here", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

  test.each(["--version", "-v", "version"])("%s", (name) => {
    expect(run(name)).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("help, of all and of one command, with an example", () => {
    const all = run("--help");
    expect(run("help")).toEqual(all);
    expect(run("help", "help")).toEqual(all);
    for (const name of ["evaluate", "merge", "info", "bench"]) {
      const { code, stdout } = run(name, "--help");
      expect(code).toBe(0);
      expect(stdout.startsWith(`wasm-loss ${name} `)).toBe(true);
      expect(stdout).toContain(`\n  Example: wasm-loss ${name}`);
      expect(stdout.match(/^wasm-loss /gm)).toHaveLength(1);
    }
    expect(run("help", "merge")).toEqual(run("merge", "-h"));
  });

  test("the engine by its own name", () => {
    const node = { node: "24.3.0", v8: "13.6" };
    expect(engineName(node)).toBe("Node.js v24.3.0, V8 13.6");
    expect(engineName({ ...node, bun: "1.3.0" })).toBe("Bun 1.3.0, JavaScriptCore");
    expect(engineName({ ...node, deno: "2.5.0" })).toBe("Deno 2.5.0, V8 13.6");
  });

  test("--help names every command and option", () => {
    const { code, stdout, stderr } = run("--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const word of ["evaluate", "info", "--classes", "--ignore-index", "--backend", "--json", "--version"]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain(run("evaluate", "--help").stdout);
    expect(stdout).toContain(run("info", "-h").stdout);
  });

  test("info", () => {
    const { code, stdout, stderr } = run("info", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const it = JSON.parse(stdout);
    expect(it).toMatchObject({ version, backend: "wasm" });
    expect(it.engine).toContain(process.version);
    expect(it.threads).toBeGreaterThanOrEqual(1);
    const table = run("info").stdout;
    for (const text of [version, it.engine, it.backend, ...it.notes]) expect(table).toContain(text);
  });
});

/** The share of counted rows whose first maximum is the label; a row with a NaN has none. */
function accuracyOf(x: typeof logits, y: ArrayLike<number>, k: number): number {
  let [correct, counted] = [0, 0];
  for (let row = 0; row < y.length; row++) {
    if (y[row] === -100) continue;
    const values = Array.from(x.subarray(row * k, (row + 1) * k));
    counted++;
    if (values.indexOf(Math.max(...values)) === y[row]) correct++;
  }
  return correct / counted;
}
