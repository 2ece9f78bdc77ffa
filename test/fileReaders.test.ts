import { createReadStream } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import * as browser from "../src/formats/formats.browser.ts";
import * as node from "../src/formats/formats.node.ts";
import { createLosses } from "../src/index.node.ts";
import { addressServer } from "./addressServer.ts";
import { bytesOf, llamaFile, npy, safetensors, sampleLine, zip } from "./files.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";
import { folderOfFiles } from "./readFiles.ts";

// The same readers in Node and in browsers: what Node runs of the latter is all but the engine.

const { write } = folderOfFiles();
const server = await addressServer();
const losses = await createLosses();
afterAll(() => losses.close());

const random = mulberry32(3);
const [rows, classes] = [700, 5];
const x = logitsOf(random, "float32", rows, classes) as Float32Array;
const y = labelsOf(random, rows, classes);
const wanted = losses.evaluate(x, y, { classes, worst: 3 });
const members = [
  { name: "logits.npy", data: npy(x, [rows, classes]), deflate: true },
  { name: "labels.npy", data: npy(y, [rows]) },
];
const names = Array.from({ length: classes }, (_, i) => `logit_${i}`);
const lines = Array.from(y, (label, row) => [label, ...x.subarray(row * classes, (row + 1) * classes)].join());

/** Files that hold both. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "both.npz": zip(members),
  "both.safetensors": safetensors({
    logits: { dtype: "F32", shape: [rows, classes], data: bytesOf(x) },
    labels: { dtype: "I32", shape: [rows], data: bytesOf(y) },
  }),
  "both.csv": Buffer.from(["label", ...names].join().concat("\n", lines.join("\n"))),
};

/** So many bytes at a time, as a network sends them. */
function streamOf(bytes: Uint8Array, size = 1000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

const INPUTS: Readonly<Record<string, (name: string, bytes: Uint8Array) => node.FileInput>> = {
  File: (name, bytes) => new File([bytes as BlobPart], name),
  Blob: (_, bytes) => new Blob([bytes as BlobPart]),
  "bytes in memory": (_, bytes) => bytes,
  ArrayBuffer: (_, bytes) => Uint8Array.from(bytes).buffer,
  Response: (_, bytes) => new Response(bytes as BodyInit),
  ReadableStream: (_, bytes) => streamOf(bytes),
  "a stream of Node": (name, bytes) => createReadStream(write(name, bytes), { highWaterMark: 999 }),
  address: (name, bytes) => server.serve(`/${name}`, bytes),
  URL: (name, bytes) => new URL(server.serve(`/${name}`, bytes)),
};

describe.each([
  ["Node", node],
  ["browsers", browser],
])("in %s", (where, { openTensor, openBatches, openPairs, FormatError }) => {
  const inputs = Object.entries(INPUTS);
  if (where === "Node") {
    inputs.push(["a path", write], ["a file: URL", (name, bytes) => pathToFileURL(write(name, bytes))]);
  }

  test.each(inputs)("both arrays of each format, from %s, straight into an evaluation", async (_, inputOf) => {
    for (const [name, bytes] of Object.entries(FILES)) {
      for (const batchBytes of [undefined, 1000]) {
        const options = name.endsWith("csv") ? { dtype: "f32" as const, format: "csv" as const } : {};
        const batches = await openBatches(inputOf(name, bytes), { ...options, batchBytes });
        expect(batches).toMatchObject({ classes, input: "logits" });
        const { input } = batches;
        expect(await losses.evaluateStream(batches, { input, worst: 3 }), name).toEqual(wanted);
      }
    }
  });

  test("two files, with a mask and groups", async () => {
    const mask = Uint8Array.from(y, (_, i) => Number(i % 3 > 0));
    const groups = Int32Array.from(y, (_, i) => i % 7);
    const batches = await openBatches(new File([npy(x, [rows, classes]) as BlobPart], "x.npy"), {
      labels: new Blob([npy(Float64Array.from(y), [rows]) as BlobPart]),
      mask: npy(mask, [rows]),
      groups: streamOf(npy(groups, [rows])),
      batchBytes: 999,
    });
    expect(batches.rows).toBe(rows);
    const evaluation = await losses.evaluateStream(batches, {});
    expect(evaluation).toEqual(losses.evaluate(x, y, { classes, mask, groups }));
  });

  test("sequences: the label is the next token, and worst rows are told by sequence and position", async () => {
    const positions = 70;
    const file = npy(x, [rows / positions, positions, classes]);
    const batches = await openBatches(file, {
      labels: npy(y, [rows / positions, positions]),
      shift: true,
      batchBytes: 777,
    });
    const evaluation = await losses.evaluateStream(batches, { worst: 5 });
    const dims = [rows / positions, positions, classes];
    expect(evaluation).toEqual(losses.evaluate({ data: x, dims }, y, { shift: true, worst: 5 }));
    expect(evaluation.worst).toHaveLength(5);
  });

  test("half precision, one-hot labels, and what a file says that its numbers are", async () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0, 0x4000);
    const half = safetensors({ logits: { dtype: "F16", shape: [2, 2], data: bytesOf(bits) } });
    const batches = await openBatches(half, { labels: npy(Float32Array.of(1, 0, 0, 1), [2, 2]) });
    const evaluation = await losses.evaluateStream(batches, {});
    expect(evaluation).toEqual(losses.evaluate(Float32Array.of(1, -2, 0, 2), [0, 1], { classes: 2 }));
    const probabilities = await openBatches(Buffer.from("label,p_0,p_1\n1,0.25,0.75\n"), {});
    expect(probabilities).toMatchObject({ input: "probabilities", notes: [expect.stringContaining("as labels")] });
    await probabilities.close();
    const samples = sampleLine({ logLikelihoods: [-3, -1], choices: ["a", "b"], target: 1 });
    const harness = await openBatches(new File([samples], "samples.jsonl"));
    expect(harness).toMatchObject({ normalizedAccuracy: 1, rows: 1, classes: 2 });
    await harness.close();
    const kld = llamaFile({ context: 8, classes: 10, chunks: 2, random, logits: () => Array(10).fill(0) });
    expect((await losses.evaluateStream(await openBatches(kld.bytes), { input: "logProbabilities" })).counted).toBe(6);
  });

  test("one array: by rows, into an array, whole", async () => {
    const file = npy(x, [rows, classes]);
    const parts: number[] = [];
    for await (const { data, dims, type } of await openTensor(file, { batchBytes: 1000 })) {
      expect([dims[1], type, dims[0] * classes]).toEqual([classes, "float32", data.length]);
      parts.push(...(data as Float32Array));
    }
    expect(Float32Array.from(parts)).toEqual(x);
    expect(await (await openTensor(file)).readAll()).toEqual({ data: x, dims: [rows, classes], type: "float32" });
    const tensor = await openTensor(streamOf(file));
    const into = new Float32Array(12);
    expect(await tensor.read(into)).toBe(12);
    expect(into).toEqual(x.subarray(0, 12));
    await tensor.close();
    const table = await openTensor(streamOf(FILES["both.csv"]), { columns: ["2-6"], dtype: "f32", format: "csv" });
    expect(await table.readAll()).toEqual({ data: x, dims: [rows, classes], type: "float32" });
    const raw = await openTensor(bytesOf(x), { dtype: "f32" });
    expect((await raw.readAll()).data).toEqual(x);
    const labels = await openTensor(FILES["both.npz"], { role: "labels" });
    expect(await labels.readAll()).toEqual({ data: y, dims: [rows], type: "int32" });
    const fortran = Buffer.from(
      npy(Float32Array.of(1, 4, 2, 5, 3, 6), [2, 3])
        .toString("latin1")
        .replace("False", "True "),
      "latin1",
    );
    for (const input of [fortran, streamOf(fortran)]) {
      expect((await (await openTensor(input)).readAll()).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    }
  });

  test("pairs of a regression", async () => {
    const evaluator = losses.regressionEvaluator();
    const text = Array.from({ length: 90 }, (_, i) => `${i}.5,${i}`).join("\n");
    const pairs = await openPairs(Buffer.from(`y_true,y_pred\n${text}`), { batchBytes: 64 });
    for await (const { predictions, targets } of pairs) evaluator.add(predictions, targets);
    expect(evaluator.result()).toMatchObject({ mse: 0.25, count: 90 });
    const p = npy(Float64Array.of(1, 2), [2]);
    const both = await openPairs(p, { targets: npy(Float64Array.of(1, 4), [2]) });
    for await (const { predictions, targets } of both) expect(losses.mse(predictions, targets)).toBe(2);
  });

  test("files without rows", async () => {
    const labels = npy(new Int32Array(0), [0]);
    for (const input of [npy(new Float32Array(0), [0, classes]), streamOf(npy(new Float32Array(0), [0, classes]))]) {
      const evaluation = await losses.evaluateStream(await openBatches(input, { labels }), {});
      expect(evaluation).toEqual(losses.evaluator({ classes }).result());
    }
  });

  test.each([
    [{ columns: 3 }, "columns must be an array of strings, but is a number"],
    [{ columns: [] }, "columns is empty, but at least one is needed"],
    [{ columns: ["2", 3] }, "columns[1] must be a string, but is a number"],
    [{ labelColumn: 0 }, "labelColumn must be a string, but is a number"],
    [{ tensor: 0 }, "tensor must be a string, but is a number"],
    [{ labelsTensor: null }, "labelsTensor must be a string, but is null"],
    [{ dtype: "float32" }, 'dtype is "float32" (allowed f16, bf16, f32, f64, '],
    [{ labelsDtype: 4 }, "labelsDtype must be a string, but is a number"],
    [{ labelsFormat: "xlsx" }, 'labelsFormat is "xlsx" (allowed '],
    [{ input: "log-probabilities" }, 'input is "log-probabilities" (allowed logits, probabilities, logProbabilities)'],
    [{ shift: 1 }, "shift must be a boolean, but is a number"],
    [{ classes: 0 }, "classes is 0, but must be an integer from 1 to 16777216"],
    [{ classes: "5" }, "classes must be an integer, but is a string"],
    [{ ignoreIndex: 0.5 }, "ignoreIndex is 0.5, but must be an integer from "],
    [{ batchBytes: 0 }, "batchBytes is 0, but must be an integer from 1 to 1073741824"],
  ])("options %j", async (options, sentence) => {
    const error = await openBatches(FILES["both.csv"], options as object).catch((it: Error) => it);
    expect(error).toBeInstanceOf(sentence.includes("must be a") && !/ from /.test(sentence) ? TypeError : RangeError);
    expect((error as Error).message.slice(0, sentence.length + 13)).toBe(`openBatches: ${sentence}`);
  });

  test("a role that is none, and what an array can't be read into", async () => {
    const file = npy(x, [rows, classes]);
    await expect(openTensor(file, { role: "targets" as "labels" })).rejects.toThrow(
      new RangeError('openTensor: role is "targets" (allowed logits, labels)'),
    );
    const tensor = await openTensor(file);
    for (const into of [new Float64Array(4), new Uint8Array(4), [0, 0], undefined]) {
      await expect(tensor.read(into as never)).rejects.toThrow(
        /^read: into must be a Float32Array \(the array is f32\), but is (an? \w+|undefined)$/,
      );
    }
    const into = new Float32Array(4);
    expect(await tensor.read(into)).toBe(4);
    expect(into).toEqual(x.subarray(0, 4));
    await tensor.close();
  });

  test("what is wrong is one line, in the words of the options", async () => {
    const bad = (input: unknown, options: object = {}) => expect(openBatches(input as Blob, options)).rejects;
    const labels = npy(y, [rows]);
    await bad(7).toThrow(
      new TypeError("openBatches: logits must be a File, Blob, Response, stream, bytes, or a name, but is a number"),
    );
    await bad(npy(x, [rows, classes]), { label: labels }).toThrow(
      new TypeError("openBatches: label is no option (labels?)"),
    );
    await bad(new File(["no numbers"], "x.npy")).toThrow(FormatError);
    await bad(npy(x, [rows, classes])).toThrow(
      "logits: a file of npy holds one array: labels must name the file of the labels",
    );
    await bad(npy(x, [rows * classes]), { labels }).toThrow(
      "logits: shape (3500,) is not (rows, classes), and classes isn't given",
    );
    await bad(npy(x, [rows, classes]), { labels: npy(y.subarray(1), [rows - 1]) }).toThrow(
      "labels: shape (699,) does not fit the logits of shape (700, 5) in logits (expected (700,))",
    );
    await bad(Buffer.from("a,b\nc,d\n")).toThrow(/^logits: labelColumn must say which column holds the labels/);
    await bad(new Response(null, { status: 404 })).toThrow("logits: the server answered 404");
    await bad(new Blob(["a"]).stream().pipeThrough(new TextDecoderStream())).toThrow(
      "openBatches: logits must be a stream of bytes, but holds a string",
    );
    const two = safetensors({
      one: { dtype: "F32", shape: [1, 1], data: Buffer.alloc(4) },
      other: { dtype: "F32", shape: [1, 1], data: Buffer.alloc(4) },
    });
    await expect(openTensor(two)).rejects.toThrow(
      'input: tensor must name one of its tensors (there are "one", "other")',
    );
    await expect(openTensor(new Blob([bytesOf(x) as BlobPart]))).rejects.toThrow(/\(raw binary needs dtype\)$/);
    const cut = await openBatches(streamOf(npy(x, [rows, classes]).subarray(0, 9000)), { labels });
    await expect(losses.evaluateStream(cut, {})).rejects.toThrow("logits: truncated data: 14000 bytes expected");
    const archive = Uint8Array.from(FILES["both.npz"]);
    archive[100] ^= 255;
    await expect(openBatches(archive).then((it) => losses.evaluateStream(it, {}))).rejects.toThrow(FormatError);
  });

  test("a loop that is left, and a signal, let the source go", async () => {
    const file = npy(x, [rows, classes]);
    for (const leave of ["break", "signal"]) {
      let cancelled = false;
      let sent = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          // then nothing more comes
          if (sent === 0) controller.enqueue(new Uint8Array(file.subarray(0, 9000)));
          sent++;
          return sent === 1 ? undefined : new Promise(() => {});
        },
        cancel() {
          cancelled = true;
        },
      });
      const batches = await openBatches(endless, { labels: npy(y, [rows]), batchBytes: 1000 });
      if (leave === "break") for await (const { labels } of batches) if (labels.length > 0) break;
      const controller = new AbortController();
      if (leave === "signal") {
        const onProgress = () => controller.abort(new Error("enough"));
        await expect(losses.evaluateStream(batches, { signal: controller.signal, onProgress })).rejects.toThrow(
          "enough",
        );
      }
      await new Promise((resolve) => setTimeout(resolve));
      expect(cancelled).toBe(true);
    }
  });
});
