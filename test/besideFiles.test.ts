/** Files of a mask, of groups and of weights: an array or a column that is called so, or the only one; never another one. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openBatches } from "../src/formats/formats.node.ts";
import type { Beside } from "../src/formats/openOptions.ts";
import { bytesOf, llamaFile, npy, safetensors, sampleLine, zip } from "./files.ts";
import { mulberry32 } from "./inputs.ts";
import { folderOfFiles, readOne } from "./readFiles.ts";

const { write } = folderOfFiles();

/** Arrays by name, each of three numbers; those of booleans are written as such. */
type Arrays = Readonly<Record<string, Int32Array | Float64Array | Uint8Array>>;

const [LABELS, OWN, OTHERS] = [
  [2, 0, 1],
  [1, 0, 1],
  [5, 6, 7],
];
const x = Float64Array.of(0.5, 1.5, -1);
const labels = Int32Array.from(LABELS);
const ofKind = (beside: Beside, values: readonly number[]) =>
  (beside === "weight" ? Float64Array : Int32Array).from(values);

const written: Record<string, (arrays: Arrays) => string> = {
  npz: (arrays) =>
    write(
      "all.npz",
      zip(
        Object.entries(arrays).map(([name, data]) => ({
          name: `${name}.npy`,
          data: npy(data, [3], data instanceof Uint8Array ? "|b1" : undefined),
        })),
      ),
    ),
  safetensors: (arrays) =>
    write(
      "all.safetensors",
      safetensors(
        Object.fromEntries(
          Object.entries(arrays).map(([name, data]) => {
            const dtype = data instanceof Uint8Array ? "BOOL" : data instanceof Int32Array ? "I32" : "F64";
            return [name, { dtype, shape: [3], data: bytesOf(data) }];
          }),
        ),
      ),
    ),
  csv: (arrays) => {
    const rows = [0, 1, 2].map((i) => Object.values(arrays).map((it) => (it instanceof Uint8Array ? !!it[i] : it[i])));
    return write("all.csv", `${[Object.keys(arrays), ...rows].map((it) => it.join(",")).join("\n")}\n`);
  },
};

const read = (path: string, beside: Beside) => {
  const floats = beside === "weight";
  return readOne(path, { role: "labels", floats, isRegression: floats, beside });
};

const names: Record<Beside, readonly string[]> = {
  mask: ["mask", "attention_mask", "Loss_Mask"],
  groups: ["groups", "group", "group_id", "cluster_ids"],
  weight: ["weight", "weights", "class_weight"],
};

test.each(Object.keys(written).flatMap((format) => Object.keys(names).map((it) => [format, it as Beside] as const)))(
  "%s, %s",
  async (format, beside) => {
    const file = written[format];
    const own = ofKind(beside, OWN);
    for (const name of names[beside]) {
      expect((await read(file({ labels, x, [name]: own, target: labels }), beside)).values).toEqual(OWN);
    }
    // whatever it is called
    expect((await read(file({ labels: own }), beside)).values).toEqual(OWN);
    // of two that are called so the one that is called just so
    const [exact, similar] = names[beside];
    expect((await read(file({ [similar]: ofKind(beside, OTHERS), [exact]: own }), beside)).values).toEqual(OWN);
    const refused: Arrays[] = [
      { x, labels },
      { labels, other: own },
      { [similar]: own, [similar.toUpperCase()]: own },
    ];
    for (const arrays of refused) {
      const kind = format === "csv" ? "columns" : "tensors";
      const list = Object.keys(arrays)
        .map((it) => JSON.stringify(it))
        .join(", ");
      await expect(read(file(arrays), beside)).rejects.toThrow(
        `one of its ${kind} must be called ${beside}, or be the only one (there are ${list})`,
      );
    }
  },
);

test("of arrays the only one of booleans is a mask, but nothing else", async () => {
  const arrays = { labels, x, keep: Uint8Array.from(OWN) };
  for (const format of ["npz", "safetensors"]) {
    expect((await read(written[format](arrays), "mask")).values).toEqual(OWN);
    await expect(read(written[format](arrays), "groups")).rejects.toThrow("must be called groups");
  }
});

test("files of logits and labels hold nothing else", async () => {
  const line = sampleLine({ logLikelihoods: [-1, -2], choices: ["a", "b"], target: 0 });
  const llama = llamaFile({ context: 4, classes: 5, chunks: 1, random: mulberry32(1), logits: () => [1, 2, 3, 4, 5] });
  const parquet = fileURLToPath(new URL("./fixtures/parquet/columns.parquet", import.meta.url));
  for (const [path, message] of [
    [write("samples.jsonl", `${line}\n`), "samples.jsonl: a jsonl file holds logits and labels, but no groups"],
    [write("base.kld", llama.bytes), "base.kld: a llama.cpp file holds logits and labels, but no groups"],
    [parquet, "columns.parquet: one of its columns must be called groups, or be the only one"],
  ]) {
    await expect(read(path, "groups")).rejects.toThrow(message);
  }
});

test("openBatches takes what the command line takes", async () => {
  const logits = write("x.npy", npy(Float32Array.from({ length: 9 }, Number), [3, 3]));
  const own = write("y.npy", npy(labels, [3]));
  const batches = async (mask: string) => {
    for await (const batch of await openBatches(logits, { labels: own, mask })) return Array.from(batch.mask!, Number);
  };
  expect(await batches(written.npz({ labels, mask: ofKind("mask", OWN) }))).toEqual(OWN);
  await expect(batches(written.csv({ labels, other: labels }))).rejects.toThrow("must be called mask");
});
