import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FormatError } from "../src/formats/error.ts";
import { addressServer } from "./addressServer.ts";
import { folderOfFiles, readBoth, readOne } from "./readFiles.ts";

/**
 * Files written by hyparquet-writer 0.17: the rows of test/fixtures/numpy as columns of float32 in two row groups (snappy), as columns
 * of float64 (not compressed), and as lists.
 */
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/parquet/${name}.parquet`, import.meta.url));
const X = Array.from({ length: 24 }, (_, i) => (i * 0.25 - 2) * [1, -1, 0.5, 2][i % 4]);
const Y = [0, 3, 1, 2, 2, 0];

const { write } = folderOfFiles();
const server = await addressServer();

test.each([
  ["columns", "f32", '"logit_0" to "logit_3"'],
  ["double", "f64", '"logit_0" to "logit_3"'],
  ["lists", "f32", '"logits[0]" to "logits[3]"'],
])("%s", async (name, dtype, columns) => {
  const note = `columns ${columns} (4) as logits, column "label" as labels`;
  const wanted = { logits: X, labels: Y, perRow: 4, dtype, note, input: "logits" };
  for (const rows of [1, 4, 1000]) expect(await readBoth(fixture(name), {}, rows)).toMatchObject(wanted);
  const url = server.serve(`/${name}.parquet`, readFileSync(fixture(name)), { faults: [500, undefined, "cut"] });
  expect(await readBoth(url)).toMatchObject(wanted);
  expect(await readBoth(fixture(name), { dtype: "f64" })).toMatchObject({ logits: X, dtype: "f64" });
});

test("one array, given columns, and one column", async () => {
  const labels = await readOne(fixture("lists"), { role: "labels", floats: false });
  expect(labels).toMatchObject({ values: Y, shape: [6] });
  const logits = await readOne(fixture("lists"), { role: "logits", floats: true, columns: ["logits"] });
  expect(logits).toMatchObject({ values: X, shape: [6, 4] });
  const two = await readBoth(fixture("columns"), { columns: ["logit_3", "2"], labelColumn: "label" }).catch(
    (error) => error,
  );
  // classes by name: label 0 is the second column
  expect(two.message).toMatch(/row 2, column "label": is "1", but no column of a class is called so$/);
  const one = await readBoth(fixture("double"), { columns: ["logit_1"], labelColumn: "label" });
  expect(one.logits.filter((_, i) => i % 2 === 1)).toEqual(X.filter((_, i) => i % 4 === 1));
});

test("what can't be read says so in a line", async () => {
  const file = readFileSync(fixture("columns"));
  const cut = write("cut.parquet", file.subarray(0, -1));
  await expect(readBoth(cut)).rejects.toThrow(FormatError);
  const other = write("other.parquet", Buffer.from("\0other"));
  await expect(readBoth(other)).rejects.toThrow(new FormatError(`${other}: not a Parquet file, as its name says`));
  await expect(readBoth(server.serve("/x.parquet", file, { noRanges: true }))).rejects.toThrow(
    "a Parquet file can only be read where its end can be read first",
  );
});
