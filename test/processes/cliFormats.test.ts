import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { FORMATS } from "../../src/formats/formatList.ts";
import { type NpyArray, shapeText } from "../../src/formats/npyHeader.ts";
import { createLosses } from "../../src/index.node.ts";
import { figures, workshop } from "../command.ts";
import {
  bfloat16Bits,
  bytesOf,
  fromBfloat16,
  llamaFile,
  npy,
  safetensors,
  safetensorsOf,
  sampleLine,
  zip,
} from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, runWith, json, folder } = workshop();
const [rows, classes] = [48, 10];
const logits = logitsOf(mulberry32(1), "float32", rows, classes) as Float32Array;
const labels = labelsOf(mulberry32(2), rows, classes, -100);
const longs = BigInt64Array.from(labels, BigInt);
const bits = bfloat16Bits(logits);
/** float16: sign, five bits of exponent: of values from 1/64 to 32. */
const halves = Uint16Array.from(bits, (_, i) => 0x3000 + ((i * 7919) % 0x1fff) + (i % 2) * 0x8000);

let wanted: Record<string, unknown>;
beforeAll(() => {
  writeFileSync(at("logits.npy"), npy(logits, [rows, classes]));
  writeFileSync(at("labels.npy"), npy(longs, [rows]));
  wanted = figures(json("evaluate", "logits.npy", "labels.npy"));
});

const evaluate = (...args: string[]) => figures(json("evaluate", ...args));

describe("every format gives the same figures", () => {
  test("csv, from a file and from a pipe; what was taken is told", () => {
    const lines = Array.from({ length: rows }, (_, i) => [
      ...Array.from(logits.subarray(i * classes, (i + 1) * classes), String),
      labels[i],
    ]);
    const names = [...Array.from({ length: classes }, (_, i) => `logit_${i}`), "label"];
    const file = Buffer.from([names, ...lines].map((line) => `${line.join()}\n`).join(""));
    writeFileSync(at("both.csv"), file);
    const note = 'columns "logit_0" to "logit_9" (10) as logits';
    const taken = (name: string) => `wasm-loss: ${name}: ${note}, column "label" as labels\n`;
    const rounded = run("evaluate", "both.csv", "--dtype", "f32", "--json");
    expect(rounded.stderr).toBe(taken("both.csv"));
    expect(figures(JSON.parse(rounded.stdout))).toEqual(wanted);
    const piped = runWith(file, "evaluate", "-", "--json");
    expect(piped.stderr).toBe(taken("standard input"));
    expect(figures(JSON.parse(piped.stdout))).toEqual(
      figures(JSON.parse(run("evaluate", "both.csv", "--json").stdout)),
    );
    const { stdout, stderr } = run("evaluate", "both.csv", "labels.npy", "--dtype", "f32", "--json");
    expect(stderr).toBe(`wasm-loss: both.csv: ${note}\n`);
    expect(figures(JSON.parse(stdout))).toEqual(wanted);
    expect(run("evaluate", "logits.npy").stderr).toBe(
      "wasm-loss: logits.npy: a file of npy holds one array: LABELS must name the file of the labels\n",
    );
  });

  test("samples of lm-evaluation-harness, and base logits of llama.cpp", () => {
    const right = { logLikelihoods: [-6, -3], choices: ["long answer", "b"], target: 1 };
    writeFileSync(at("samples.jsonl"), [0, 1, 1].map((target) => sampleLine({ ...right, target })).join(""));
    const { stdout, stderr } = run("evaluate", "samples.jsonl", "--json");
    expect(stderr).toBe("wasm-loss: samples.jsonl: 3 questions, log-likelihoods of 2 choices\n");
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3, accuracy: 2 / 3, normalizedAccuracy: 1 / 3 });
    expect(run("evaluate", "samples.jsonl").stdout).toMatch(/^normalized accuracy {2}33.33 %$/m);
    const random = mulberry32(4);
    const file = llamaFile({
      context: 16,
      classes: 50,
      chunks: 2,
      random,
      logits: () => Array.from({ length: 50 }, random),
    });
    writeFileSync(at("base.kld"), file.bytes);
    const { perplexity, rows: scored } = json("evaluate", "base.kld");
    expect(scored).toBe(14);
    expect(perplexity).toBeCloseTo(Math.exp(file.meanOfClamped), 2);
  });

  test("csv of probabilities, and of a regression", () => {
    writeFileSync(at("probabilities.csv"), "label,p_0,p_1\n1,0.25,0.75\n0,0.5,0.5\n");
    const { stdout } = run("evaluate", "probabilities.csv", "--json");
    const { loss } = JSON.parse(stdout);
    expect(loss.mean).toBeCloseTo(-(Math.log(0.75) + Math.log(0.5)) / 2, 14);
    writeFileSync(at("regression.csv"), "y_true,y_pred\n1,1.5\n2,2.25\n");
    const { stdout: text, stderr } = run("evaluate", "regression.csv", "--loss", "mse", "--json");
    expect(stderr).toBe('wasm-loss: regression.csv: column "y_pred" as predictions, column "y_true" as targets\n');
    expect(JSON.parse(text)).toMatchObject({ count: 2, mse: 0.15625 });
  });

  test("npy is what the library says", async () => {
    const losses = await createLosses();
    const { loss, accuracy, entropy } = losses.evaluate(logits, labels, { classes });
    losses.close();
    expect(wanted).toMatchObject({ rows, classes, loss, accuracy, entropy });
  });

  test("npz of arrays without names: the floats are the logits, the integers the labels", () => {
    const x = { name: "arr_0.npy", data: npy(logits, [rows, classes]) };
    const y = { name: "arr_1.npy", data: npy(longs, [rows]) };
    writeFileSync(at("unnamed.npz"), zip([{ name: "read.me", data: Buffer.from("text") }, x, y]));
    expect(evaluate("unnamed.npz", "unnamed.npz")).toEqual(wanted);
  });

  test("labels that are booleans; beside integers they are a mask", () => {
    const two = logits.subarray(0, 2 * rows);
    const y = Uint8Array.from({ length: rows }, (_, i) => ((i * i) % 3) % 2);
    const x = npy(two, [rows, 2]);
    writeFileSync(at("two.npy"), x);
    writeFileSync(at("u8.npy"), npy(y, [rows]));
    const figuresOfTwo = evaluate("two.npy", "u8.npy");
    writeFileSync(at("bool.npy"), npy(y, [rows], "|b1"));
    expect(evaluate("two.npy", "bool.npy")).toEqual(figuresOfTwo);
    expect(evaluate("two.npy", "bool.npy", "--labels-dtype", "bool")).toEqual(figuresOfTwo);
    writeFileSync(
      at("two.safetensors"),
      safetensors({
        x: { dtype: "F32", shape: [rows, 2], data: bytesOf(two) },
        y: { dtype: "BOOL", shape: [rows, 1], data: bytesOf(y) },
      }),
    );
    expect(evaluate("two.safetensors", "two.safetensors")).toEqual(figuresOfTwo);
    const member = (name: string, data: Buffer) => ({ name: `${name}.npy`, data });
    writeFileSync(at("two.npz"), zip([member("x", x), member("y", npy(y, [rows], "|b1"))]));
    expect(evaluate("two.npz", "two.npz")).toEqual(figuresOfTwo);
    const mask = member("mask", npy(new Uint8Array(rows), [rows], "|b1"));
    writeFileSync(at("two.npz"), zip([member("x", x), mask, member("y", npy(y, [rows]))]));
    expect(evaluate("two.npz", "two.npz")).toEqual(figuresOfTwo);
    expect(run("evaluate", "bool.npy", "bool.npy").stderr).toBe(
      "wasm-loss: bool.npy: logits are bool, but must be floats\n",
    );
  });

  test("labels that are one-hot, of any dtype and order; it is told once", () => {
    const y = Int32Array.from(labels, (label) => Math.max(0, label));
    writeFileSync(at("indices.npy"), npy(y, [rows]));
    const figuresOfIndices = evaluate("logits.npy", "indices.npy");
    const hot = Uint8Array.from({ length: rows * classes }, (_, i) =>
      Number(y[Math.floor(i / classes)] === i % classes),
    );
    const byColumn = hot.map((_, i) => hot[(i % rows) * classes + Math.floor(i / rows)]);
    const fortran = Buffer.from(
      npy(byColumn, [rows, classes]).toString("latin1").replace("'fortran_order': False", "'fortran_order': True "),
      "latin1",
    );
    for (const file of [
      npy(hot, [rows, classes]),
      npy(hot, [rows, classes, 1]),
      npy(hot, [rows, classes], "|b1"),
      npy(Uint16Array.from(hot), [rows, classes]),
      npy(BigInt64Array.from(hot, BigInt), [rows, classes]),
      npy(Float64Array.from(hot), [rows, classes]),
      npy(
        Uint16Array.from(hot, (it) => it * 0x3c00),
        [rows, classes],
        "<f2",
      ),
      fortran,
    ]) {
      writeFileSync(at("hot.npy"), file);
      const { stdout, stderr } = run("evaluate", "logits.npy", "hot.npy", "--json");
      expect(stderr).toBe("wasm-loss: hot.npy: labels are one-hot; taken as the classes of their ones\n");
      expect(figures(JSON.parse(stdout))).toEqual(figuresOfIndices);
    }
    for (const [at9, at17] of [
      [0, 1],
      [2, 0],
      [0, 0],
    ]) {
      const bad = Float32Array.from(hot);
      bad.fill(0, 30, 40).set([at9], 39);
      bad[37] = at17;
      if (at17 === 1) bad[31] = 1;
      writeFileSync(at("hot.npy"), npy(bad, [rows, classes]));
      expect(run("evaluate", "logits.npy", "hot.npy").stderr).toBe(
        "wasm-loss: hot.npy: labels of the logits' shape must be one-hot, but row 3 is not a 1 among zeros\n",
      );
    }
  });

  test("one logit a row is binary classification: which option evaluates it", () => {
    const one = logits.subarray(0, rows);
    const y = Uint8Array.from({ length: rows }, (_, i) => i % 2);
    writeFileSync(at("ones.npy"), npy(y, [rows]));
    writeFileSync(at("onesColumn.npy"), npy(y, [rows, 1]));
    for (const shape of [[rows], [rows, 1]]) {
      writeFileSync(at("one.npy"), npy(one, shape));
      for (const name of ["ones.npy", "onesColumn.npy"]) {
        expect(run("evaluate", "one.npy", name)).toEqual({
          code: 1,
          stdout: "",
          stderr: `wasm-loss: one.npy: shape ${shapeText(shape)} is one logit a row, of binary classification: --loss binary\n`,
        });
        expect(run("compare", "one.npy", "one.npy", name)).toEqual({
          code: 1,
          stdout: "",
          stderr: `wasm-loss: one.npy: shape ${shapeText(shape)} is one logit a row, but compare takes two or more\n`,
        });
      }
    }
    // what it says gives the binary cross-entropy
    const terms = Array.from(one, (x, i) => Math.log1p(Math.exp(y[i] === 1 ? -x : x)));
    const { loss } = evaluate("one.npy", "ones.npy", "--loss", "binary") as { loss: { mean: number } };
    expect(evaluate("one.npy", "ones.npy", "--loss", "binary", "--ranking")).toMatchObject({ loss });
    expect(loss.mean).toBeCloseTo(terms.reduce((a, b) => a + b) / rows, 12);
  });

  test("a table of one value a row is evaluated as binary, too, whatever its columns hold", () => {
    const p = [0.9, 0.2, 0.4, 0.7];
    const y = [1, 0, 1, 0];
    const loss = { mean: p.reduce((sum, it, i) => sum - Math.log(y[i] === 1 ? it : 1 - it), 0) / 4 };
    const table = (values: number[]) => values.map((it, i) => `${y[i]},${it}\n`).join("");
    const logits = p.map((it) => Math.log(it / (1 - it)));
    writeFileSync(at("chances.csv"), `label,p\n${table(p)}`);
    writeFileSync(at("odds.csv"), `label,logit\n${table(logits)}`);
    for (const name of ["chances.csv", "odds.csv"]) {
      const { stdout, stderr } = run("evaluate", name, "--loss", "binary", "--json");
      expect(stderr).toMatch(/^wasm-loss: \w+\.csv: column "\w+" as \w+ of class 1, column "label" as labels\n$/);
      const found = JSON.parse(stdout);
      expect(found.rows).toBe(4);
      expect(found.loss.mean).toBeCloseTo(loss.mean, 12);
    }
    writeFileSync(at("chances2.csv"), "label,p0,p1\n1,0.1,0.9\n0,0.8,0.2\n");
    expect(run("evaluate", "chances2.csv", "--loss", "binary", "--columns", "p0,p1")).toMatchObject({
      code: 1,
      stderr:
        'wasm-loss: chances2.csv: columns "p0" and "p1" hold predictions, but one is wanted: --columns must say which (there are "label", "p0", "p1")\n',
    });
  });

  test("big-endian floats and integers are swapped on the way", () => {
    const swapped = (data: Buffer, size: number) => {
      const copy = Buffer.from(data);
      for (let i = 0; i < copy.length; i += size) copy.subarray(i, i + size).reverse();
      return copy;
    };
    const big = (data: NpyArray, shape: readonly number[], descr: string) => {
      const size = data.BYTES_PER_ELEMENT;
      const file = npy(data, shape, `>${descr}`);
      return Buffer.concat([file.subarray(0, file.length - size * data.length), swapped(bytesOf(data), size)]);
    };
    writeFileSync(at("bigX.npy"), big(logits, [rows, classes], "f4"));
    writeFileSync(at("bigY.npy"), big(longs, [rows], "i8"));
    expect(evaluate("bigX.npy", "bigY.npy")).toEqual(wanted);
    expect(evaluate("bigX.npy", "bigY.npy", "--threads", "2")).toEqual(wanted);
    writeFileSync(at("half.npy"), npy(halves, [rows, classes], "<f2"));
    writeFileSync(at("bigHalf.npy"), big(halves, [rows, classes], "f2"));
    expect(evaluate("bigHalf.npy", "labels.npy")).toEqual(evaluate("half.npy", "labels.npy"));
    writeFileSync(at("x64.npy"), npy(Float64Array.from(logits), [rows, classes]));
    writeFileSync(at("big64.npy"), big(Float64Array.from(logits), [rows, classes], "f8"));
    expect(evaluate("big64.npy", "labels.npy")).toEqual(evaluate("x64.npy", "labels.npy"));
  });

  test("Fortran order: where there is no other, and of tables of labels", () => {
    const fortran = (file: Buffer) =>
      Buffer.from(file.toString("latin1").replace("'fortran_order': False", "'fortran_order': True "), "latin1");
    writeFileSync(at("fortranY.npy"), fortran(npy(longs, [rows])));
    expect(evaluate("logits.npy", "fortranY.npy")).toEqual(wanted);
    writeFileSync(at("rowX.npy"), npy(logits.subarray(0, classes), [1, classes]));
    writeFileSync(at("fortranX.npy"), fortran(npy(logits.subarray(0, classes), [1, classes])));
    writeFileSync(at("oneY.npy"), npy(Int32Array.of(3), [1]));
    expect(evaluate("fortranX.npy", "oneY.npy")).toEqual(evaluate("rowX.npy", "oneY.npy"));
    const byColumn = longs.map((_, i) => longs[(i % 4) * 12 + Math.floor(i / 4)]);
    writeFileSync(at("sequences.npy"), npy(logits, [4, 12, classes]));
    for (const shape of [
      [4, 12],
      [4, 12, 1],
    ]) {
      writeFileSync(at("tableY.npy"), fortran(npy(byColumn, shape)));
      expect(evaluate("sequences.npy", "tableY.npy")).toEqual(wanted);
    }
    writeFileSync(at("tableX.npy"), fortran(npy(logits, [rows, classes])));
    const columnsOfLogits = logits.map((_, i) => logits[(i % rows) * classes + Math.floor(i / rows)]);
    writeFileSync(at("tableX.npy"), fortran(npy(columnsOfLogits, [rows, classes])));
    expect(evaluate("tableX.npy", "labels.npy")).toEqual(wanted);
    // in an archive, too
    const member = (name: string, data: Buffer) => ({ name: `${name}.npy`, data, deflate: true });
    const table = fortran(npy(byColumn, [4, 12]));
    writeFileSync(at("fortran.npz"), zip([member("x", npy(logits, [4, 12, classes])), member("y", table)]));
    expect(evaluate("fortran.npz", "fortran.npz")).toEqual(wanted);
  });

  test("a safetensors header of 100 MB, as large as the format allows", () => {
    const fileWith = (fill: number) =>
      safetensors(
        { logits: { dtype: "F32", shape: [rows, classes], data: bytesOf(logits) } },
        { __metadata__: { filler: "x".repeat(fill) } },
      );
    const others = Number(fileWith(0).readBigUInt64LE(0));
    const file = fileWith(1e8 - others);
    expect(file.readBigUInt64LE(0)).toBe(100_000_000n);
    writeFileSync(at("large.safetensors"), file);
    expect(evaluate("large.safetensors", "labels.npy")).toEqual(wanted);
    rmSync(at("large.safetensors"));
  });

  test("npz with a name twice: the last one counts, as in numpy", () => {
    const other = npy(new Float32Array(rows * classes), [rows, classes]);
    const x = npy(logits, [rows, classes]);
    const member = (name: string, data: Buffer) => ({ name, data });
    const y = member("labels.npy", npy(longs, [rows]));
    // by its role, by --tensor, as the only one of floats
    writeFileSync(at("twice.npz"), zip([member("logits.npy", other), y, member("logits.npy", x)]));
    expect(evaluate("twice.npz", "twice.npz")).toEqual(wanted);
    expect(evaluate("twice.npz", "twice.npz", "--tensor", "logits.npy")).toEqual(wanted);
    writeFileSync(at("twice.npz"), zip([member("a.npy", other), member("a.npy", x), y]));
    expect(evaluate("twice.npz", "twice.npz")).toEqual(wanted);
    expect(evaluate("twice.npz", "twice.npz", "--tensor", "a")).toEqual(wanted);
    // two names that differ in .npy only
    writeFileSync(at("twice.npz"), zip([member("a", x), member("a.npy", other), y]));
    expect(evaluate("twice.npz", "twice.npz", "--tensor", "a")).toEqual(wanted);
    expect(evaluate("twice.npz", "twice.npz", "--tensor", "a.npy")).not.toEqual(wanted);
  });

  test("npz, stored and deflated, of one member and of several", () => {
    const x = npy(logits, [rows, classes]);
    const y = npy(longs, [rows]);
    for (const deflate of [false, true]) {
      writeFileSync(
        at("both.npz"),
        zip([
          { name: "labels.npy", data: y, deflate },
          { name: "logits.npy", data: x, deflate },
        ]),
      );
      expect(evaluate("both.npz", "both.npz")).toEqual(wanted);
      writeFileSync(at("one.npz"), zip([{ name: "arr_0.npy", data: x, deflate }]));
      expect(evaluate("one.npz", "labels.npy")).toEqual(wanted);
      writeFileSync(
        at("two.npz"),
        zip([
          { name: "a.npy", data: x, deflate },
          { name: "b.npy", data: x },
        ]),
      );
      expect(evaluate("two.npz", "labels.npy", "--tensor", "b")).toEqual(wanted);
    }
  });

  test("safetensors, of every dtype", async () => {
    const file = safetensors({
      other: { dtype: "F8_E4M3", shape: [3], data: Buffer.alloc(3) },
      x32: { dtype: "F32", shape: [4, 12, classes], data: bytesOf(logits) },
      x64: { dtype: "F64", shape: [rows, classes], data: bytesOf(Float64Array.from(logits)) },
      x16: { dtype: "F16", shape: [rows, classes], data: bytesOf(halves) },
      b16: { dtype: "BF16", shape: [rows, classes], data: bytesOf(bits) },
      labels: { dtype: "I64", shape: [rows], data: bytesOf(longs) },
      y8: { dtype: "I8", shape: [4, 12], data: bytesOf(Int8Array.from(labels)) },
    });
    writeFileSync(at("x.safetensors"), file);
    writeFileSync(at("sniffed.bin"), file);
    for (const name of ["x.safetensors", "sniffed.bin"]) {
      expect(evaluate(name, name, "--tensor", "x32")).toEqual(wanted);
    }
    expect(evaluate("x.safetensors", "x.safetensors", "--tensor", "x32", "--labels-tensor", "y8")).toEqual(wanted);
    const losses = await createLosses();
    const wide = losses.evaluate(Float64Array.from(logits), labels, { classes }).loss;
    const brain = losses.evaluate(fromBfloat16(bits), labels, { classes }).loss;
    losses.close();
    expect(evaluate("x.safetensors", "labels.npy", "--tensor", "x64").loss).toEqual(wide);
    expect(evaluate("x.safetensors", "labels.npy", "--tensor", "b16").loss).toEqual(brain);
    writeFileSync(at("half.npy"), npy(halves, [rows, classes], "<f2"));
    expect(evaluate("x.safetensors", "labels.npy", "--tensor", "x16")).toEqual(evaluate("half.npy", "labels.npy"));
  });

  test("raw binary, from files and from standard input", () => {
    writeFileSync(at("logits.bin"), bytesOf(logits));
    writeFileSync(at("labels.bin"), bytesOf(longs));
    writeFileSync(at("bf16.bin"), bytesOf(bits));
    const raw = ["--dtype", "f32", "--classes", "10"];
    expect(evaluate("logits.bin", "labels.npy", ...raw)).toEqual(wanted);
    expect(evaluate("logits.bin", "labels.bin", ...raw, "--labels-dtype", "i64")).toEqual(wanted);
    // as numpy and PyTorch call them
    for (const [dtype, labelsDtype] of [
      ["float32", "int64"],
      ["Float32", "I64"],
      ["F32", "uint64"],
    ]) {
      const names = ["--dtype", dtype, "--labels-dtype", labelsDtype, "--classes", "10"];
      const ignored = labelsDtype === "uint64" ? /labels\[\d+\] is 18446744073709551516/ : /^$/;
      expect(run("evaluate", "logits.bin", "labels.bin", ...names).stderr).toMatch(ignored);
    }
    expect(run("evaluate", "logits.bin", "labels.npy", "--dtype", "bfloat16", "--classes", "20").code).toBe(0);
    const piped = (input: Buffer, ...args: string[]) => {
      const { code, stdout, stderr } = runWith(input, "evaluate", ...args, "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return figures(JSON.parse(stdout));
    };
    expect(piped(bytesOf(logits), "-", "labels.npy", ...raw)).toEqual(wanted);
    expect(piped(bytesOf(longs), "logits.npy", "-", "--labels-dtype", "i64")).toEqual(wanted);
    expect(piped(npy(logits, [rows, classes]), "-", "labels.npy")).toEqual(wanted);
    expect(piped(bytesOf(bits), "-", "labels.npy", "--dtype", "bf16", "--classes", "10")).toEqual(
      evaluate("bf16.bin", "labels.npy", "--dtype", "bf16", "--classes", "10"),
    );
    for (const [input, line] of [
      [bytesOf(logits).subarray(0, -40), "labels.npy: more rows than in standard input"],
      [bytesOf(logits).subarray(0, -4), "standard input: the last row has 9 elements, but 10 are needed"],
      [bytesOf(logits).subarray(0, -1), "standard input: 1919 bytes are not a multiple of 4 (f32)"],
      [Buffer.concat([bytesOf(logits), Buffer.alloc(40)]), "standard input: more rows than in labels.npy"],
    ] as const) {
      expect(runWith(input, "evaluate", "-", "labels.npy", ...raw)).toEqual({
        code: 1,
        stdout: "",
        stderr: `wasm-loss: ${line}\n`,
      });
    }
  });

  test("--shift scores token t + 1 from position t of its sequence", () => {
    const [batch, sequence] = [6, 8];
    const tokens = Int32Array.from(labels, (y) => (y === -100 ? 3 : y));
    const next = tokens.map((_, i) => ((i + 1) % sequence === 0 ? -100 : tokens[i + 1]));
    writeFileSync(at("sequences.npy"), npy(logits, [batch, sequence, classes]));
    writeFileSync(at("tokens.npy"), npy(Uint16Array.from(tokens), [batch, sequence]));
    writeFileSync(at("next.npy"), npy(next, [batch, sequence]));
    const wanted = evaluate("sequences.npy", "next.npy");
    expect(wanted).toMatchObject({ rows: 48, counted: 42 });
    expect(evaluate("sequences.npy", "tokens.npy", "--shift")).toEqual(wanted);
    writeFileSync(at("bad.npy"), npy(tokens.with(9, 10), [batch, sequence]));
    expect(run("evaluate", "sequences.npy", "bad.npy", "--shift").stderr).toBe(
      "wasm-loss: bad.npy: labels[9] is 10, but classes is 10 (allowed 0..9, or ignoreIndex -100)\n",
    );
    expect(run("evaluate", "logits.npy", "labels.npy", "--shift").stderr).toBe(
      "wasm-loss: labels.npy: --shift needs sequences: logits of shape (batch, sequence, classes)\n",
    );
    // tokens from a pipe are as many as the logits
    const piped = (input: Int32Array) =>
      runWith(bytesOf(input), "evaluate", "sequences.npy", "-", "--labels-dtype", "i32", "--shift", "--json");
    expect(figures(JSON.parse(piped(tokens).stdout))).toEqual(wanted);
    for (const n of [0, 1, 47]) {
      expect(piped(tokens.subarray(0, n)).stderr).toBe("wasm-loss: sequences.npy: more rows than in standard input\n");
    }
    expect(piped(Int32Array.of(...tokens, 0)).stderr).toBe(
      "wasm-loss: standard input: more rows than in sequences.npy\n",
    );
  });

  test("--loss mse", () => {
    const targets = logits.map((x, i) => x + (i % 7) / 8 - 0.25);
    writeFileSync(at("targets.npy"), npy(targets, [rows, classes]));
    const it = evaluate("logits.npy", "targets.npy", "--loss", "mse");
    const d = Array.from(logits, (x, i) => Math.fround(x - targets[i]));
    const n = d.length;
    const mean = targets.reduce((sum, t) => sum + t, 0) / n;
    const squares = d.reduce((sum, e) => sum + e * e, 0);
    const close = (name: string, value: number) =>
      expect(Math.abs(Number(it[name]) / value - 1), name).toBeLessThan(1e-6);
    close("mse", squares / n);
    close("rmse", Math.sqrt(squares / n));
    close("mae", d.reduce((sum, e) => sum + Math.abs(e), 0) / n);
    close("r2", 1 - squares / targets.reduce((sum, t) => sum + (t - mean) ** 2, 0));
    expect(it).toMatchObject({ count: n, maximumError: Math.max(...d.map(Math.abs)) });
    run("evaluate", "logits.npy", "targets.npy", "--loss", "mse", "--state", "all.acc");
    for (const [i, part] of [0, 1].entries()) {
      writeFileSync(at(`p${i}.npy`), npy(logits.subarray(part * 100, part ? n : 100), [part ? n - 100 : 100]));
      writeFileSync(at(`t${i}.npy`), npy(targets.subarray(part * 100, part ? n : 100), [part ? n - 100 : 100]));
      expect(run("evaluate", `p${i}.npy`, `t${i}.npy`, "--loss", "mse", "--state", `part${i}.acc`).code).toBe(0);
    }
    expect(json("merge", "part1.acc", "part0.acc")).toEqual(it);
    expect(run("merge", "all.acc").stdout).toMatch(
      /^mse .*\nrmse .*\nmae .*\nmaximum error .*\nmape .*\nR2 .*\nelements +480\n$/,
    );
    expect(run("evaluate", "logits.npy", "labels.npy", "--loss", "mse").stderr).toBe(
      "wasm-loss: labels.npy: targets are i64, but must be floats\n",
    );
  });
});

describe("bad files: one line, exit code 1, nothing printed or left behind", () => {
  const x = { dtype: "F32", shape: [rows, classes], data: bytesOf(logits) };
  const good = npy(logits, [rows, classes]);
  const cases: [string, string, () => Buffer, string][] = [
    [
      "two tensors",
      "safetensors",
      () => safetensors({ a: x, b: x }),
      '--tensor must name one of its tensors (there are "a", "b")',
    ],
    [
      "a dtype that is a word of JavaScript",
      "safetensors",
      () => safetensors({ a: { ...x, dtype: "constructor" } }),
      'unsupported dtype "constructor"',
    ],
    ["no tensor", "safetensors", () => safetensors({}), "--tensor must name one of its tensors (there are none)"],
    [
      "overlapping slices",
      "safetensors",
      () => safetensors({ a: x, b: { ...x, data_offsets: [100, 2020] } }),
      'tensor "b" begins at byte 100, inside another one',
    ],
    [
      "a hole",
      "safetensors",
      () => safetensors({ a: { ...x, data_offsets: [8, 1928] } }),
      '8 bytes before tensor "a" belong to none',
    ],
    [
      "slices beyond the end",
      "safetensors",
      () => safetensors({ a: x }).subarray(0, -7),
      "truncated data: 1920 bytes of data expected, 1913 found",
    ],
    [
      "trailing bytes",
      "safetensors",
      () => Buffer.concat([safetensors({ a: x }), Buffer.of(1)]),
      "trailing bytes: 1920 bytes of data expected, 1921 found",
    ],
    [
      "a shape that is not its slice's",
      "safetensors",
      () => safetensors({ a: { ...x, shape: [rows, 9] } }),
      'tensor "a" takes 1920 bytes, but its shape and dtype 1728',
    ],
    [
      "a negative size",
      "safetensors",
      () => safetensors({ a: { ...x, shape: [-48, -10] } }),
      'tensor "a" has no shape of integers from 0 on',
    ],
    [
      "a huge size",
      "safetensors",
      () => safetensors({ a: { ...x, shape: [2 ** 40, 2 ** 40] } }),
      "a shape of 2 dimensions is larger than any file",
    ],
    [
      "offsets that are none",
      "safetensors",
      () => safetensors({ a: { ...x, data_offsets: [0, "9"] } }),
      'tensor "a" has no data_offsets',
    ],
    [
      "offsets the wrong way",
      "safetensors",
      () => safetensors({ a: { ...x, data_offsets: [9, 3] } }),
      'tensor "a" begins at byte 9, but ends at 3',
    ],
    [
      "an unknown dtype",
      "safetensors",
      () => safetensors({ a: { ...x, dtype: "F4" } }),
      'unsupported dtype "F4" (supported are F16 BF16 F32 F64 I8 U8 I16 U16 I32 U32 I64 U64 BOOL)',
    ],
    [
      "one name twice",
      "safetensors",
      () => safetensorsOf('{"\\u0061{": {"dtype": "F32"}, "a{" : {"dtype": "F32"}}', Buffer.alloc(0)),
      'the header has the key "a{" twice',
    ],
    [
      "one field twice",
      "safetensors",
      () =>
        safetensorsOf('{"a": {"dtype": "F32", "shape": [1], "dtype": "F16", "data_offsets": [0, 4]}}', Buffer.alloc(4)),
      'the header has the key "dtype" twice',
    ],
    [
      "100 MB of header that are not there",
      "safetensors",
      () => safetensorsOf("{}", Buffer.alloc(0), 100_000_000n),
      "truncated header: 100000000 bytes expected, 2 found",
    ],
    [
      "a header that is larger than the format allows",
      "safetensors",
      () => safetensorsOf("{}", Buffer.alloc(0), 100_000_001n),
      "header of 100000001 bytes (at most 100000000 are read)",
    ],
    [
      "its own data twice",
      "safetensors",
      () => safetensorsOf('{"__metadata__": {"a": "\\"}"}, "__metadata__": {}}', Buffer.alloc(0)),
      'the header has the key "__metadata__" twice',
    ],
    ["no JSON", "safetensors", () => safetensorsOf("{,}", Buffer.alloc(0)), "the header is no JSON"],
    [
      "JSON that is no object",
      "safetensors",
      () => safetensorsOf("[1]", Buffer.alloc(0)),
      "the header is no JSON object",
    ],
    [
      "a header of 4 GB",
      "safetensors",
      () => safetensorsOf("{}", Buffer.alloc(0), 2n ** 32n),
      "header of 4294967296 bytes (at most 100000000 are read)",
    ],
    [
      "a header that is cut off",
      "safetensors",
      () => safetensorsOf("{}", Buffer.alloc(0), 9n),
      "truncated header: 9 bytes expected, 2 found",
    ],
    ["5 bytes", "safetensors", () => Buffer.alloc(5), "truncated header: the file ends after 5 bytes"],
    ["no archive", "npz", () => good, "not an archive, as its name says, but npy"],
    ["numbers", "npz", () => Buffer.alloc(99), "not an archive, as its name says"],
    [
      "the begin of an archive",
      "npz",
      () => zip([{ name: "a.npy", data: good }]).subarray(0, 1000),
      "truncated archive: the directory at its end is missing",
    ],
    [
      "no arrays",
      "npz",
      () => zip(["config.json", "model.weights.h5"].map((name) => ({ name, data: Buffer.from("{}") }))),
      'an archive without arrays (there are "config.json", "model.weights.h5"): save its arrays with np.save',
    ],
    ["objects", "npy", () => npy(logits, [rows, classes], "|O8"), 'unsupported dtype "|O8"'],
    ["nothing", "npz", () => Buffer.alloc(0), "an empty file"],
    ["nothing", "safetensors", () => Buffer.alloc(0), "truncated header: the file ends after 0 bytes"],
    ["no members", "npz", () => zip([]), "an archive without members"],
    [
      "members without the name",
      "npz",
      () =>
        zip([
          { name: "a.npy", data: good },
          { name: "b.npy", data: good },
        ]),
      '--tensor must name one of its tensors (there are "a", "b")',
    ],
    [
      "no float numbers",
      "npz",
      () => zip([{ name: "a.npy", data: npy(longs, [rows]) }]),
      "logits are i64, but must be floats",
    ],
    [
      "less than it says",
      "npz",
      () => zip([{ name: "a.npy", data: good, deflate: true, size: 5000 }]),
      "trailing bytes: 1920 bytes of data expected, 4872 found",
    ],
    [
      "more than it says: a bomb",
      "npz",
      () =>
        zip([
          { name: "a.npy", data: Buffer.concat([good, Buffer.alloc(10_000_000)]), deflate: true, size: good.length },
        ]),
      "too many bytes in the stream. expected 2048. got at least ",
    ],
    ["altered data", "npz", () => zip([{ name: "a.npy", data: good, crc: 1 }]), "altered data: its checksum is"],
    [
      "no dimension",
      "npy",
      () => npy(Float32Array.of(1), []),
      "shape () is not (rows, classes), and --classes isn't given",
    ],
  ];

  test.each(cases)("%s in %s", (_, extension, file, line) => {
    const name = `bad.${extension}`;
    writeFileSync(at(name), file());
    const before = readdirSync(folder);
    const { code, stdout, stderr } = run("evaluate", name, "labels.npy", "--state", "part.acc", "--report", "r.html");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.startsWith(`wasm-loss: ${name}`), stderr).toBe(true);
    expect(stderr).toContain(line);
    expect(stderr.split("\n").length).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  });

  const values = "header of more than 2097152 values (at most as many are read)";
  const nested = "the header is nested more than 3 deep";
  // of some, JSON.parse would make gigabytes in minutes
  test.each<[string, () => string, string]>([
    ["objects", () => `{"__metadata__":[${"{},".repeat(33_000_000)}0]}`, values],
    ["numbers", () => `{"a":{"shape":[${"1,".repeat(49_000_000)}1]}}`, values],
    ["keys", () => `{"__metadata__":{${'"":"",'.repeat(16_000_000)}"":""}}`, values],
    ["objects in each other", () => '{"":'.repeat(25_000_000), nested],
    ["arrays in each other", () => `{"__metadata__":${"[".repeat(99_000_000)}`, nested],
    ["letters", () => "a".repeat(100_000_000), "the header is no JSON"],
    ["an open string", () => `{"${'\\"'.repeat(33_000_000)}`, "the header is no JSON"],
  ])("100 MB of %s as header of safetensors", (_, header, line) => {
    writeFileSync(at("large.safetensors"), safetensorsOf(header(), Buffer.alloc(0)));
    const { code, stderr } = run("evaluate", "large.safetensors", "labels.npy");
    rmSync(at("large.safetensors"));
    expect({ code, stderr }).toEqual({ code: 1, stderr: `wasm-loss: large.safetensors: ${line}\n` });
  });

  test("an option that names an array of a format without names", () => {
    writeFileSync(at("logits.bin"), bytesOf(logits));
    writeFileSync(at("labels.bin"), bytesOf(longs));
    const raw = ["evaluate", "logits.bin", "labels.bin", "--dtype", "f32", "--labels-dtype", "i64", "--classes", "10"];
    const plain = ["evaluate", "logits.npy", "labels.npy"];
    for (const [args, option, line] of [
      [plain, "--tensor", "logits.npy: an npy file"],
      [plain, "--labels-tensor", "labels.npy: an npy file"],
      [raw, "--tensor", "logits.bin: raw binary"],
      [raw, "--labels-tensor", "labels.bin: raw binary"],
      [["evaluate", "logits.npy", "logits.npy", "--loss", "mse"], "--labels-tensor", "logits.npy: an npy file"],
    ] as const) {
      expect(run(...args, option, "lgits")).toEqual({
        code: 1,
        stdout: "",
        stderr: `wasm-loss: ${line} holds one array without a name, but ${option} is "lgits"\n`,
      });
    }
  });

  test("files that are something else are called what they are", () => {
    const pickle =
      "a Python or PyTorch pickle, which is not read: save its arrays with np.save or safetensors.torch.save_file";
    const torch =
      "written by torch.save, as a pickle, which is not read: save its arrays with np.save or safetensors.torch.save_file";
    const pointer = "a git-lfs pointer, not the file that it stands for (git lfs pull fetches it)";
    const lfs = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`);
    const pkl = { name: "archive/data.pkl", data: Buffer.from("\x80\x02}.", "latin1") };
    const members = [pkl, { name: "archive/data/0", data: bytesOf(logits) }];
    const data = (name: string) => (name.startsWith("legacy") ? Buffer.from("\x80\x02\x8a\nl\xfc", "latin1") : lfs);
    for (const [name, line, file] of [
      ["x.pt", torch, zip(members)],
      ["x.npz", torch, zip(members)],
      ["legacy.pt", pickle, undefined],
      ["legacy.npy", pickle, undefined],
      ["x.safetensors", pointer, undefined],
      ["x.npy", pointer, undefined],
      ["x.unknown", pointer, undefined],
      ["x.npz", pointer, undefined],
      [
        "x.h5",
        "an HDF5 file, which is not read: save its arrays with np.save",
        Buffer.from("\x89HDF\r\n\x1a\n", "latin1"),
      ],
      ["x.npy", "a web page, not the file that was to be downloaded", Buffer.from("<!DOCTYPE html><html>")],
      ["x.npy.gz", "compressed: unpack it first", Buffer.from("\x1f\x8b\x08", "latin1")],
      ["x.7z", "compressed: unpack it first", Buffer.from("7z\xbc\xaf\x27\x1c", "latin1")],
      ["x.npy", "a web page, not the file that was to be downloaded", Buffer.from("\xef\xbb\xbf\n\n<html>", "latin1")],
      [
        "x.npy",
        'text, not numbers in binary (it begins with "{\\"error\\": \\"no such file\\"}"): save them with np.save',
        Buffer.from('{"error": "no such file"}\n'),
      ],
      [
        "x.npy",
        'text, not numbers in binary (it begins with "0.5,0.25,0.25,1.5,2.5,0.125,0.5,..."): save them with np.save',
        Buffer.from("0.5,0.25,0.25,1.5,2.5,0.125,0.5,7\n"),
      ],
      ["x.csv", "a web page, not the file that was to be downloaded", Buffer.from("<!DOCTYPE html><html>")],
      ["x.tsv", "compressed: unpack it first", Buffer.from("\x1f\x8b\x08", "latin1")],
      ["x.csv", pointer, undefined],
      ["zero.pkl", pickle, Buffer.from("(lp0\nF1.5\na.")],
      ["packed.joblib", pickle, Buffer.from("\x78\x9c\x4b\xcb", "latin1")],
      ["x.pth", pickle, Buffer.from("\x80\x02\x8a\nl\xfc", "latin1")],
      [
        "x.onnx",
        "an ONNX file of a model, not of its outputs: run it, and save those with np.save",
        Buffer.from("\x08\x08\x12\x07pytorch", "latin1"),
      ],
      ["x.gguf", "a GGUF file of a model's weights, not of its outputs", Buffer.from("GGUF\x03\0\0\0", "latin1")],
      [
        "x.mat",
        "a MATLAB file, which is not read: save its arrays with np.save",
        Buffer.from("MATLAB 5.0 MAT-file, x"),
      ],
      [
        "x.arrow",
        "an Arrow file, which is not read: save its arrays with np.save",
        Buffer.from("\xff\xff\xff\xff\x10\0", "latin1"),
      ],
      ["x.png", "a picture or document, not numbers", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
      ["nothing", "an empty file", Buffer.alloc(0)],
    ] as const) {
      writeFileSync(at(name), file ?? data(name));
      expect(run("evaluate", name, "labels.npy")).toEqual({
        code: 1,
        stdout: "",
        stderr: `wasm-loss: ${name}: ${line}\n`,
      });
    }
    writeFileSync(at("x.bin"), lfs);
    expect(run("evaluate", "x.bin", "labels.npy", "--dtype", "f32", "--classes", "10").stderr).toBe(
      `wasm-loss: x.bin: ${pointer}\n`,
    );
  });

  test("numbers that begin as something else are numbers", () => {
    const raw = Buffer.from(bytesOf(logits));
    raw.set([0x80, 0x02]);
    writeFileSync(at("begin.bin"), raw);
    expect(run("evaluate", "begin.bin", "labels.npy", "--dtype", "f32", "--classes", "10").code).toBe(0);
    // a header of 640 bytes, 0x280
    const tensor = { dtype: "F32", shape: [rows, classes], data: bytesOf(logits) };
    const length = (filler: number) =>
      safetensors({ logits: tensor }, { __metadata__: { filler: "x".repeat(filler) } }).length -
      bytesOf(logits).length -
      8;
    const file = safetensors({ logits: tensor }, { __metadata__: { filler: "x".repeat(640 - length(0)) } });
    expect([...file.subarray(0, 2)]).toEqual([0x80, 0x02]);
    writeFileSync(at("begin.safetensors"), file);
    expect(evaluate("begin.safetensors", "labels.npy")).toEqual(wanted);
  });

  test("encrypted members, stored and deflated; another one may be read", () => {
    for (const deflate of [false, true]) {
      const secret = { name: "a.npy", data: good, deflate, encrypted: true };
      writeFileSync(at("secret.npz"), zip([secret, { name: "b.npy", data: good }]));
      expect(run("evaluate", "secret.npz", "labels.npy", "--tensor", "a").stderr).toBe(
        "wasm-loss: secret.npz:a.npy: an encrypted member; save it without a password\n",
      );
      expect(evaluate("secret.npz", "labels.npy")).toEqual(wanted);
      writeFileSync(at("secret.npz"), zip([secret]));
      expect(run("evaluate", "secret.npz", "labels.npy").stderr).toBe(
        "wasm-loss: secret.npz:a.npy: an encrypted member; save it without a password\n",
      );
    }
  });

  test("a folder, a file that isn't there beside a pipe, a name like a number after an option without a value", () => {
    mkdirSync(at("folder.npz"));
    const line = (...args: string[]) => runWith(Buffer.alloc(0), "evaluate", ...args).stderr;
    expect(line("folder.npz", "labels.npy")).toBe("wasm-loss: folder.npz: illegal operation on a directory\n");
    expect(line("-", "missing.npy")).toBe("wasm-loss: missing.npy: no such file or directory\n");
    expect(line("--shift", "-1.npy", "labels.npy")).toBe("wasm-loss: Unknown option '-1' (see wasm-loss --help)\n");
  });

  test("--loss mse of other shapes, as many numbers as they may be", () => {
    const save = (name: string, shape: readonly number[]) => writeFileSync(at(name), npy(logits, shape));
    const mse = (name: string, other: string, ...args: string[]) =>
      run("evaluate", name, other, "--loss", "mse", ...args);
    for (const [shape, other] of [
      [
        [48, 10],
        [10, 48],
      ],
      [
        [2, 24, 10],
        [24, 2, 10],
      ],
      [
        [2, 24, 10],
        [48, 10],
      ],
      [[48, 10], [480]],
      [
        [48, 1, 10],
        [48, 10],
      ],
    ]) {
      save("wide.npy", shape);
      save("other.npy", other);
      expect(mse("wide.npy", "other.npy")).toEqual({
        code: 1,
        stdout: "",
        stderr: `wasm-loss: other.npy: shape ${shapeText(other)} does not fit the predictions of shape ${shapeText(shape)} in wide.npy\n`,
      });
    }
  });

  test("--loss mse: axes of length 1 at either end are no difference, and raw binary has no shape", () => {
    const save = (name: string, shape: readonly number[]) => writeFileSync(at(name), npy(logits, shape));
    for (const [shape, other] of [
      [
        [48, 10],
        [48, 10, 1],
      ],
      [
        [1, 48, 10],
        [48, 10],
      ],
      [[480], [1, 480, 1]],
    ]) {
      save("wide.npy", shape);
      save("other.npy", other);
      expect(json("evaluate", "wide.npy", "other.npy", "--loss", "mse").count).toBe(480);
    }
    writeFileSync(at("flat.bin"), bytesOf(logits));
    writeFileSync(at("short.bin"), bytesOf(logits).subarray(4));
    save("wide.npy", [48, 10]);
    const raw = ["--loss", "mse", "--labels-dtype", "f32"];
    expect(json("evaluate", "wide.npy", "flat.bin", ...raw).count).toBe(480);
    expect(run("evaluate", "wide.npy", "short.bin", ...raw).stderr).toBe(
      "wasm-loss: short.bin: shape (479,) does not fit the predictions of shape (48, 10) in wide.npy\n",
    );
  });

  test("raw binary without its dtype", () => {
    const names = FORMATS.map(({ name }) => name).join(", ");
    writeFileSync(at("logits.bin"), bytesOf(logits));
    writeFileSync(at("labels.bin"), bytesOf(longs));
    for (const [args, line] of [
      [["logits.bin", "labels.npy"], `logits.bin: none of ${names} (raw binary needs --dtype)`],
      [["logits.npy", "labels.bin"], `labels.bin: none of ${names} (raw binary needs --labels-dtype)`],
    ] as const) {
      expect(run("evaluate", ...args)).toEqual({ code: 1, stdout: "", stderr: `wasm-loss: ${line}\n` });
    }
    writeFileSync(at("cut.bin"), good.subarray(0, 5));
    expect(run("evaluate", "cut.bin", "labels.npy").stderr).toBe(
      "wasm-loss: cut.bin: truncated header: the file ends after 5 bytes\n",
    );
  });

  test("the options of LABELS are named as such, with --loss mse too", () => {
    writeFileSync(at("several.npz"), zip(["a", "b"].map((name) => ({ name: `${name}.npy`, data: good }))));
    const line = (...args: string[]) => run("evaluate", "logits.npy", ...args, "--loss", "mse").stderr;
    expect(line("several.npz")).toBe(
      'wasm-loss: several.npz: --labels-tensor must name one of its tensors (there are "a", "b")\n',
    );
    expect(line("logits.npy", "--labels-dtype", "f64")).toBe(
      "wasm-loss: logits.npy: the file holds f32, but --labels-dtype is f64\n",
    );
  });

  test("a dtype that is not the file's, an archive from a pipe, a name that isn't there", () => {
    writeFileSync(at("good.npz"), zip([{ name: "a.npy", data: good }]));
    expect(run("evaluate", "logits.npy", "labels.npy", "--dtype", "f64").stderr).toBe(
      "wasm-loss: logits.npy: the file holds f32, but --dtype is f64\n",
    );
    expect(runWith(zip([{ name: "a.npy", data: good }]), "evaluate", "-", "labels.npy").stderr).toBe(
      "wasm-loss: standard input: an archive can only be read from a file that is named, not from a pipe\n",
    );
    expect(run("evaluate", "good.npz", "labels.npy", "--tensor", "b").stderr).toBe(
      'wasm-loss: good.npz: no tensor "b" (there are "a")\n',
    );
  });
});
