import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { OpenOptions } from "../src/formats/openOptions.ts";
import { openTensor } from "../src/formats/openTensor.ts";
import { arrayOf } from "../src/formats/tensor.ts";
import { widened } from "../src/kernels/widenLoops.ts";
import { bytesOf, npy, safetensors, zip } from "./files.ts";
import { elementsOf, folderOfFiles, readBoth, readOne } from "./readFiles.ts";

/**
 * Files written by numpy 2.4.6 and safetensors 0.8.0 (test/fixtures/files.py): x = (arange(24).reshape(6, 4) * 0.25 - 2) * [1, -1, 0.5, 2], of several dtypes, shapes and orders,
 * and its labels.
 */
const fixture = (name: string, of = "numpy") => fileURLToPath(new URL(`./fixtures/${of}/${name}`, import.meta.url));
const X = Array.from({ length: 24 }, (_, i) => (i * 0.25 - 2) * [1, -1, 0.5, 2][i % 4]);
const Y = [0, 3, 1, 2, 2, 0];

const { write } = folderOfFiles();
const LOGITS: OpenOptions = { role: "logits", floats: true };
const LABELS: OpenOptions = { role: "labels", floats: false };

describe("numpy's own files", () => {
  test.each([
    ["c.npy", "f32", [6, 4]],
    ["fortran.npy", "f32", [6, 4]],
    ["fortranBig.npy", "f64", [6, 4]],
    ["big.npy", "f32", [6, 4]],
    ["fortranThree.npy", "f32", [2, 3, 4]],
  ])("%s", async (name, dtype, shape) => {
    const { values, ...rest } = await readOne(fixture(name), LOGITS);
    expect(values).toEqual(X);
    expect(rest).toMatchObject({ dtype, shape });
  });

  test("half precision in Fortran order", async () => {
    const { values } = await readOne(fixture("halfFortran.npy"), LOGITS);
    // 1.75 is 0x3f00
    expect(values.slice(0, 2)).toEqual([0xc000, 0x3f00]);
    expect(values.length).toBe(24);
  });

  test.each(["both.npz", "compressed.npz", "table.txt", "comma.csv"])("logits and labels of %s", async (name) => {
    const { logits, labels } = await readBoth(fixture(name));
    expect(labels).toEqual(Y);
    expect(logits).toEqual(X);
  });
});

describe("safetensors' own files", () => {
  test.each([
    ["both", "f32"],
    ["double", "f64"],
  ])("logits and labels of %s", async (name, dtype) => {
    const { logits, labels, ...rest } = await readBoth(fixture(`${name}.safetensors`, "safetensors"));
    expect([logits, labels, rest.dtype]).toEqual([X, Y, dtype]);
  });

  test.each([
    ["half", "f16"],
    ["bfloat16", "bf16"],
  ] as const)("%s", async (name, dtype) => {
    const { logits, labels, ...rest } = await readBoth(fixture(`${name}.safetensors`, "safetensors"));
    expect([labels, rest.dtype]).toEqual([Y, dtype]);
    const bits = Uint16Array.from(logits);
    expect(widened(bits, dtype)).toEqual(Float32Array.from(X));
  });
});

describe("both arrays of one file", () => {
  const x = Float32Array.of(1, 2, 3, 4);
  const y = Int32Array.of(1, 0);
  const array = (data: Float32Array | Int32Array) => ({
    dtype: data instanceof Int32Array ? "I32" : "F32",
    shape: data instanceof Int32Array ? [2] : [2, 2],
    data: bytesOf(data),
  });
  const files = (arrays: Readonly<Record<string, Float32Array | Int32Array>>) => [
    write(
      "x.safetensors",
      safetensors(Object.fromEntries(Object.entries(arrays).map(([name, it]) => [name, array(it)]))),
    ),
    write(
      "x.npz",
      zip(Object.entries(arrays).map(([name, it]) => ({ name: `${name}.npy`, data: npy(it, array(it).shape) }))),
    ),
  ];

  test.each<Readonly<Record<string, Float32Array | Int32Array>>>([
    { logits: x, labels: y },
    { preds: x, embeddings: x.slice(), target: y, ids: y.slice() },
    { y_prob: x, y_true: y, other: y.slice() },
    { a: x, b: y },
    // predicted classes are no predictions
    { predictions: y, scores: x, labels: y },
  ])("%o", async (arrays) => {
    for (const path of files(arrays)) {
      expect(await readBoth(path)).toMatchObject({ logits: [1, 2, 3, 4], labels: [1, 0] });
    }
  });

  test("of a regression; and what is refused", async () => {
    for (const path of files({ y_pred: x, y_true: x.map((it) => it + 1) })) {
      const { logits, labels } = await readBoth(path, { isRegression: true }, 4);
      expect([logits, labels]).toEqual([
        [1, 2, 3, 4],
        [2, 3, 4, 5],
      ]);
    }
    for (const path of files({ a: x })) {
      await expect(readBoth(path)).rejects.toThrow(
        `${path}: "a" can't be both logits and labels: --tensor and --labels-tensor must name them`,
      );
    }
    for (const path of files({ a: x, b: x.slice(), y })) {
      await expect(readBoth(path)).rejects.toThrow(`${path}: --tensor must name one of its tensors`);
    }
    const alone = write("alone.npy", npy(x, [2, 2]));
    await expect(readBoth(alone)).rejects.toThrow(
      `${alone}: a file of npy holds one array: LABELS must name the file of`,
    );
  });
});

describe("Fortran order", () => {
  const fortran = (file: Buffer) =>
    Buffer.from(file.toString("latin1").replace("'fortran_order': False", "'fortran_order': True "), "latin1");

  test("of more rows than are put in order at once", async () => {
    const [rows, columns] = [1_100_000, 8];
    const byColumn = Float32Array.from(
      { length: rows * columns },
      (_, i) => (i % rows) + Math.floor(i / rows) / columns,
    );
    const path = write("large.npy", fortran(npy(byColumn, [rows, columns])));
    const tensor = await openTensor(path, LOGITS);
    const into = new (arrayOf(tensor.dtype))(columns * 3001);
    let row = 0;
    for (let n = await tensor.read(into); n > 0; n = await tensor.read(into)) {
      for (let i = 0; i < n; i += columns, row++) {
        for (let k = 0; k < columns; k++)
          if (into[i + k] !== row + k / columns) expect(into[i + k]).toBe(row + k / columns);
      }
    }
    expect(row).toBe(rows);
    await tensor.close();
  });

  test("of labels of any number of axes", async () => {
    const shape = [2, 3, 1, 5];
    const places = Int32Array.from({ length: 30 }, (_, i) => i);
    const byColumn = places.map((_, i) => {
      const [a, b, c] = [i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6)];
      return (a * 3 + b) * 5 + c;
    });
    const path = write("labels.npy", fortran(npy(byColumn, shape)));
    for (const atATime of [1, 7, 30]) {
      const tensor = await openTensor(path, LABELS);
      expect(await elementsOf(tensor, atATime)).toEqual([...places]);
      await tensor.close();
    }
  });
});
