/** Rows of files shared out among threads: nothing may depend on them, whatever happens to one. */
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { createAdder, type Task } from "../src/cli/adding/createAdder.ts";
import { createPartWords, Parts } from "../src/cli/adding/parts.ts";
import { type Outcome, type Sharing, shareOut } from "../src/cli/adding/shareOut.ts";
import { openBeside } from "../src/cli/beside.ts";
import { evaluateOptions } from "../src/cli/evaluateOptions.ts";
import { rangeOf } from "../src/cli/rangeOf.ts";
import { taskOf } from "../src/cli/tasks.ts";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { checksumOf, joinedChecksum } from "../src/formats/checksum.ts";
import { openTensor } from "../src/formats/openTensor.ts";
import { partOf } from "../src/formats/partOf.ts";
import { arrayOf, type Stretch, type Tensor, type TensorArray } from "../src/formats/tensor.ts";
import { createLosses } from "../src/inlinedLosses.ts";
import { everything, someOf } from "./breadth.ts";
import { workshop } from "./command.ts";
import { npy, safetensors, zip } from "./files.ts";
import { expectSame, labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

vi.setConfig({ testTimeout: 120_000 });

const { at } = workshop();
const losses = await createLosses();
afterAll(() => losses.close());

/** Odd numbers of rows and classes, so that no part is like another. */
const [rows, classes, sequence] = [1001, 13, 7];
const random = mulberry32(5);
const logits = logitsOf(random, "float32", rows, classes);
const labels = labelsOf(random, rows, classes);
const ids = Int32Array.from({ length: rows }, (_, i) => i % 17);
const oneHot = Uint8Array.from({ length: rows * classes }, (_, i) =>
  Number(i % classes === Math.max(0, labels[Math.floor(i / classes)])),
);
const tokens = labels.map((label) => Math.max(0, label));
const bits = Uint16Array.from(logits, (_, i) => (i * 7919) % 0x4800);
writeFileSync(at("x.npy"), npy(logits, [rows, classes]));
writeFileSync(at("x64.npy"), npy(Float64Array.from(logits), [rows, classes]));
writeFileSync(at("x16.npy"), npy(bits, [rows, classes], "<f2"));
writeFileSync(
  at("big.npy"),
  npy(new Float32Array(Buffer.from(logits.slice().buffer).swap32().buffer), [rows, classes], ">f4"),
);
writeFileSync(at("tokens.npy"), npy(tokens, [rows / sequence, sequence]));
writeFileSync(at("x3.npy"), npy(logits, [rows / sequence, sequence, classes]));
writeFileSync(at("y.npy"), npy(labels, [rows]));
writeFileSync(at("float.npy"), npy(Float64Array.from(labels), [rows]));
writeFileSync(at("hot.npy"), npy(oneHot, [rows, classes]));
writeFileSync(at("ids.npy"), npy(ids, [rows]));
writeFileSync(
  at("mask.npy"),
  npy(
    Uint8Array.from(ids, (id) => Number(id % 3 > 0)),
    [rows],
    "|b1",
  ),
);
writeFileSync(at("two.npy"), npy(logits.subarray(0, 2 * rows), [rows, 2]));
writeFileSync(at("one.npy"), npy(logits.subarray(0, rows), [rows]));
writeFileSync(
  at("binary.npy"),
  npy(
    Uint8Array.from(ids, (id) => id & 1),
    [rows],
  ),
);
writeFileSync(at("t.npy"), npy(logitsOf(random, "float32", rows, classes), [rows, classes]));
writeFileSync(at("t16.npy"), npy(bits.toReversed(), [rows, classes], "<f2"));
const one = (dtype: string, shape: number[], data: ArrayBufferView) => ({
  dtype,
  shape,
  data: Buffer.from(data.buffer),
});
writeFileSync(
  at("both.safetensors"),
  safetensors({ labels: one("I32", [rows], labels), logits: one("F32", [rows, classes], logits) }),
);

const member = (name: string, data: Buffer) => ({ name: `${name}.npy`, data });
const arrays = [member("labels", npy(labels, [rows])), member("logits", npy(logits, [rows, classes]))];
writeFileSync(at("both.npz"), zip(arrays));
writeFileSync(at("tokens.npz"), zip([member("labels", npy(tokens, [rows / sequence, sequence]))]));

/** Files and options as on the command line, opened. */
async function opened(args: readonly string[]): Promise<{ task: Task; tensors: Tensor[]; stretches: Stretch[] }> {
  const files = args.map((arg) => (/\.\w+$/.test(arg) ? at(arg) : arg));
  const options = evaluateOptions(files);
  const tensors = [
    await openTensor(options.logits.path, options.logits),
    await openTensor(options.labels.path, options.labels),
  ];
  const [x, y] = tensors;
  const beside = await openBeside(options, []);
  tensors.push(...beside.values());
  const task = taskOf(x, y, beside, options);
  const stretches = tensors.flatMap(({ stretch }) => stretch ?? []);
  expect(stretches.length).toBe(tensors.length);
  return { task, tensors, stretches };
}

const rowsIn = ({ columns }: Task, [{ length }]: readonly Stretch[]) => length / columns[0].perRow;

async function shared(args: readonly string[], threads: number, more: Partial<Sharing> = {}): Promise<Outcome> {
  const { task, tensors, stretches } = await opened(args);
  const n = rowsIn(task, stretches);
  const work = { task, stretches, rows: n, range: { first: 0, end: n }, engine: {} };
  try {
    return await shareOut(work, { threads, open: createLosses, partRows: Math.ceil(n / 16), told() {}, ...more });
  } finally {
    for (const tensor of tensors) await tensor.close();
  }
}

/** What one thread gives that reads them as streams. */
async function alone(args: readonly string[]) {
  const { task, tensors } = await opened(args);
  const adder = createAdder(losses, task, 2);
  try {
    await adder.add(tensors, () => true);
  } finally {
    for (const tensor of tensors) await tensor.close();
  }
  return { result: adder.result(), state: adder.state() };
}

const CASES: readonly (readonly string[])[] = [
  ["x.npy", "y.npy", "--worst", "25", "--per-class", "--confusion", "--percentiles"],
  ["x64.npy", "float.npy", "--groups", "ids.npy", "--bytes", "5000", "--words", "900"],
  ["x16.npy", "hot.npy", "--worst", "3"],
  ["big.npy", "y.npy", "--worst", "1000"],
  ["x3.npy", "tokens.npy", "--shift", "--worst", "5"],
  ["x3.npy", "tokens.npy", "--shift", "--mask", "mask.npy", "--groups", "ids.npy", "--worst", "5"],
  ["x.npy", "y.npy", "--mask", "mask.npy", "--fit-temperature"],
  ["two.npy", "binary.npy", "--ranking", "--mask", "mask.npy"],
  ["one.npy", "binary.npy", "--loss", "binary"],
  ["both.safetensors", "both.safetensors"],
  ["both.npz", "both.npz", "--groups", "ids.npy"],
  ["x3.npy", "tokens.npz", "--shift"],
  ["x.npy", "t.npy", "--loss", "mse"],
  ["x16.npy", "t16.npy", "--loss", "mse"],
];

/** Each number of threads with every third case, or with all; each thread loads the command line. */
const THREADS = [[1, 3], [2], [everything ? 7 : 4]];
const shapes = CASES.map((args, i) => ({
  args,
  title: args.join(" "),
  counts: everything ? THREADS.flat() : THREADS[i % 3],
}));

describe.each(shapes)("$title", ({ args, counts }) => {
  test.each(counts)("on %i threads: the bytes of one stream", async (threads) => {
    const wanted = await alone(args);
    const outcome = await shared(args, threads);
    expect(outcome.state()).toEqual(wanted.state);
    expect(outcome.result).toEqual(wanted.result);
    expect(outcome).toMatchObject({ threads, notes: [] });
  });
});

test("any rows of a file, by whatever parts, are those of its stream", async () => {
  const from = ["x3.npy", "tokens.npy", "--shift", "--worst", "9"];
  await fc.assert(
    fc.asyncProperty(fc.nat(rows), fc.nat(rows), fc.integer({ min: 1, max: 300 }), async (a, b, partRows) => {
      const range = { first: Math.min(a, b), end: Math.max(a, b) + 1 > rows ? rows : Math.max(a, b) + 1 };
      if (range.first === range.end) return;
      const { task, tensors, stretches } = await opened(from);
      const work = { task, stretches, rows, range, engine: {} };
      const outcome = await shareOut(work, { threads: 1, open: createLosses, partRows, told() {} });
      const other = await opened(from);
      const adder = createAdder(losses, task, 2);
      const parts = [
        rangeOf(other.tensors[0], range.first * classes, range.end * classes),
        rangeOf(other.tensors[1], range.first, Math.min(rows, range.end + 1)),
      ];
      await adder.add(parts, () => true, range);
      for (const tensor of [...tensors, ...other.tensors]) await tensor.close();
      expect(outcome.state()).toEqual(adder.state());
    }),
    { numRuns: everything ? 30 : 12 },
  );
});

test("all threads count rows, and a last time when all are done", async () => {
  const seen: number[] = [];
  await shared(["x.npy", "y.npy"], 3, { told: (done) => void seen.push(done) });
  expect(seen.length).toBeGreaterThan(1);
  expect(Math.max(...seen)).toBeLessThanOrEqual(rows);
});

describe("a thread that ends early costs time only", () => {
  const args = ["x.npy", "y.npy", "--worst", "25", "--groups", "ids.npy"];

  // milliseconds after it runs: before it takes parts, while it has some, when it is done
  test.each(someOf([-1, 0, 10, 20, 30, 40, 60, 80, 200], 2))("%i ms", async (after) => {
    const wanted = await alone(args);
    const started = (worker: Worker) => {
      if (after < 0) void worker.terminate();
      else worker.once("online", () => setTimeout(() => void worker.terminate(), after));
    };
    const begin = performance.now();
    // this one is slow, so that the others take most
    const told = () =>
      void (performance.now() - begin < 300 && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2));
    const outcome = await shared(args, 4, { started, told, partRows: 1 });
    expect(outcome.state()).toEqual(wanted.state);
    for (const note of outcome.notes)
      expect(note).toMatch(/^threads: one ended early \(.+\); its rows were done again\.$/);
  });

  test("with parts that it took: others take them again", () => {
    const words = createPartWords(10, 3);
    const [own, lost, other] = [0, 1, 2].map((thread) => new Parts(words, thread));
    expect([own, lost, other, lost].map((parts) => parts.take())).toEqual([0, 1, 2, 3]);
    lost.count(100);
    own.count(7);
    own.release(1);
    expect(own.done).toBe(7);
    const rest = Array.from({ length: 20 }, (_, i) => (i % 2 ? own : other).take()).filter(
      (part) => part !== undefined,
    );
    expect(rest.sort((a, b) => a - b)).toEqual([1, 3, 4, 5, 6, 7, 8, 9]);
    expect([own.take(), other.take(), lost.take()]).toEqual([undefined, undefined, undefined]);
  });
});

describe("of several errors that of the first row, with its number in the file, is thrown", () => {
  const wrong = labels.slice();
  for (const row of [999, 700, 333]) wrong[row] = 99;
  writeFileSync(at("wrong.npy"), npy(wrong, [rows]));
  writeFileSync(
    at("half.npy"),
    npy(
      Float64Array.from(wrong, (y, i) => (i >= 500 ? 0.5 : y === 99 ? 1 : y)),
      [rows],
    ),
  );
  const twice = oneHot.slice();
  twice.fill(1, 400 * classes, 402 * classes);
  writeFileSync(at("twice.npy"), npy(twice, [rows, classes]));
  const far = tokens.slice();
  far[678] = 13;
  writeFileSync(at("far.npy"), npy(far, [rows / sequence, sequence]));

  const BAD: [string[], string][] = [
    [["x.npy", "wrong.npy"], "labels[333] is 99, but classes is 13 (allowed 0..12, or ignoreIndex -100)"],
    [["x.npy", "half.npy"], "labels[500] is 0.5, but must be an integer"],
    [["x.npy", "twice.npy"], "row 400 is not a 1 among zeros"],
    [["x3.npy", "far.npy", "--shift"], "labels[678] is 13, but classes is 13"],
  ];
  test.each(BAD)("%s", async (args, message) => {
    const { message: wanted } = await alone(args).then(
      () => new Error("none"),
      (error: Error) => error,
    );
    expect(wanted).toContain(message);
    for (const threads of someOf([1, 2, 3, 7], 2)) {
      await expect(shared(args, threads), `${threads} threads`).rejects.toThrow(wanted);
    }
  });
});

describe("a file that changes meanwhile", () => {
  test("is shorter than it was", async () => {
    writeFileSync(at("short.npy"), npy(logits, [rows, classes]));
    const started = () => {
      const file = openSync(at("short.npy"), "r+");
      ftruncateSync(file, 5000);
      closeSync(file);
    };
    await expect(shared(["short.npy", "y.npy"], 2, { started })).rejects.toThrow(
      `short.npy: truncated data: ${4 * rows * classes} bytes expected, 4872 found`,
    );
  });

  test("is written to", async () => {
    writeFileSync(at("moving.npy"), npy(logits, [rows, classes]));
    const started = () => {
      const file = openSync(at("moving.npy"), "r+");
      writeSync(file, Buffer.alloc(4), 0, 4, 30_000);
      closeSync(file);
    };
    await expect(shared(["moving.npy", "y.npy"], 2, { started })).rejects.toThrow(
      "moving.npy: changed while it was read",
    );
  });
});

test("bytes of an archive that are not those that were stored", async () => {
  const altered = arrays.map((it) => ({ ...it, crc: it.name === "logits.npy" ? 0x12345678 : undefined }));
  writeFileSync(at("altered.npz"), zip(altered));
  const from = ["altered.npz", "altered.npz"];
  const { message } = await alone(from).then(
    () => new Error("none"),
    (error: Error) => error,
  );
  expect(message).toMatch(/altered.npz:logits.npy: altered data: its checksum is [0-9a-f]{8}, expected 12345678$/);
  for (const threads of [1, 3]) await expect(shared(from, threads)).rejects.toThrow(message);
});

test("checksums of parts, joined", () => {
  const halves = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(halves, ([a, b]) => {
      expect(checksumOf(a)).toBe(crc32(a));
      expect(joinedChecksum(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
    }),
  );
});

test("parts of a stretch", async () => {
  const { tensors, stretches } = await opened(["x.npy", "y.npy"]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(logits.length),
      fc.nat(logits.length),
      fc.integer({ min: 1, max: 5000 }),
      async (a, b, n) => {
        const [begin, end] = [Math.min(a, b), Math.max(a, b)];
        const part = partOf(stretches[0], begin, end);
        const into = new (arrayOf(part.dtype))(n) as TensorArray;
        const found = new Float32Array(end - begin);
        let at = 0;
        for (let k = await part.read(into); k > 0; k = await part.read(into)) {
          found.set(into.subarray(0, k) as Float32Array, at);
          at += k;
        }
        expect(at).toBe(end - begin);
        expectSame(found, logits.subarray(begin, end), `[${begin}, ${end})`);
      },
    ),
    { numRuns: everything ? 100 : 30 },
  );
  for (const tensor of tensors) await tensor.close();
});
