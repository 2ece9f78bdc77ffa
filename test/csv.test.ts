import { createReadStream } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromChunks } from "../src/formats/bytes.ts";
import { FormatError } from "../src/formats/error.ts";
import { openBoth } from "../src/formats/tables/csv.ts";
import { numberIn } from "../src/formats/tables/numbers.ts";
import { mulberry32 } from "./inputs.ts";
import { elementsOf, folderOfFiles, type Given, readBoth, readOne } from "./readFiles.ts";

const { write } = folderOfFiles();

/** Five rows of three classes. */
const ROWS = [
  [0.5, -1.25, 3],
  [1e-7, 2.5e10, -0.1],
  [0, -0, 1 / 3],
  [123456789012345, 0.1, 1234567890123456.8],
  [-5e-324, 1.7976931348623157e308, 42],
];
const LABELS = [2, 0, 1, 1, 2];
const expected = { logits: ROWS.flat(), labels: LABELS, perRow: 3 };

/** A table, a line a row; a column of labels at a place. */
function table(
  header: string | undefined,
  at: number,
  { comma = ",", end = "\n", quote = "", labels = LABELS as unknown[] } = {},
) {
  const rows = ROWS.map((row, i) =>
    row.map((x) => (Object.is(x, -0) ? "-0" : String(x))).toSpliced(at, 0, `${labels[i]}`),
  );
  const lines = rows.map((row) => row.map((it) => quote + it + quote).join(comma));
  return [...(header === undefined ? [] : [header]), ...lines].map((line) => line + end).join("");
}

describe("what columns are found by", () => {
  test.each<[title: string, file: string, note: string, options?: Given, input?: string]>([
    [
      "names of logits",
      table("label,logit_0,logit_1,logit_2", 0),
      'columns "logit_0" to "logit_2" (3) as logits, column "label" as labels',
      {},
      "logits",
    ],
    [
      "other spellings",
      table("Logit 0,Logit 1,Logit 2,Y True", 3),
      'columns "Logit 0" to "Logit 2" (3) as logits, column "Y True" as labels',
      {},
      "logits",
    ],
    [
      "brackets",
      table("logits[0],logits[1],logits[2],target", 3),
      'columns "logits[0]" to "logits[2]" (3) as logits, column "target" as labels',
      {},
      "logits",
    ],
    [
      "names of probabilities",
      table("p0,p1,label,p2", 2),
      'columns "p0" to "p2" (3) as probabilities, column "label" as labels',
      {},
      "probabilities",
    ],
    [
      "names behind classes",
      table("0_proba,1_proba,2_proba,gold", 3),
      'columns "0_proba" to "2_proba" (3) as probabilities, column "gold" as labels',
      {},
      "probabilities",
    ],
    [
      "log-probabilities",
      table("logprob_0,logprob_1,logprob_2,y", 3),
      'columns "logprob_0" to "logprob_2" (3) as log-probabilities, column "y" as labels',
      {},
      "logProbabilities",
    ],
    ["all other numbers", table("a,b,class,c", 2), 'columns "a" to "c" (3) as logits, column "class" as labels'],
    [
      "a header in quotes",
      table('"a","b","c","label"', 3),
      'columns "a" to "c" (3) as logits, column "label" as labels',
    ],
    [
      "a comment of numpy.savetxt",
      table("# a,b,c,label", 3),
      'columns "a" to "c" (3) as logits, column "label" as labels',
    ],
    [
      "no header: the integers, last",
      table(undefined, 3).replace(/^0.5/, "0.5"),
      "columns 1 to 3 (3) as logits, column 4 as labels",
    ],
    [
      "options: names",
      table("x,y,z,w", 1),
      'columns "x" to "w" (3) as logits, column "y" as labels',
      { columns: ["x", "z", "w"], labelColumn: "y" },
    ],
    [
      "options: numbers",
      table(undefined, 0),
      "columns 2 to 4 (3) as logits, column 1 as labels",
      { columns: ["2-4"], labelColumn: "1" },
    ],
    ["tabs", table("a\tb\tc\tlabel", 3, { comma: "\t" }), 'columns "a" to "c" (3) as logits, column "label" as labels'],
    [
      "semicolons",
      table("a;b;c;label", 3, { comma: ";" }),
      'columns "a" to "c" (3) as logits, column "label" as labels',
    ],
    [
      "spaces, without a header",
      table(undefined, 3, { comma: " " }),
      "columns 1 to 3 (3) as logits, column 4 as labels",
    ],
  ])("%s", async (_title, file, note, options = {}, input = undefined) => {
    for (const text of [file, file.replaceAll("\n", "\r\n"), `\ufeff${file}`, file.slice(0, -1), `\n${file}\n\n`]) {
      expect(await readBoth(write("a.csv", text), options)).toMatchObject({ ...expected, note, input, dtype: "f64" });
    }
  });

  test("of several kinds the one that is said; columns of something else are left out", async () => {
    const header = "id,text,label,logit_0,logit_1,prob_0,prob_1";
    const path = write("kinds.csv", `${header}\n7,"a, b",1,2.5,3.5,0.25,0.75\n8,"say ""no""",0,4.5,5.5,0.5,0.5\n`);
    expect(await readBoth(path)).toMatchObject({ logits: [2.5, 3.5, 4.5, 5.5], labels: [1, 0], input: "logits" });
    const given = { input: "probabilities" } as const;
    expect(await readBoth(path, given)).toMatchObject({ logits: [0.25, 0.75, 0.5, 0.5], input: "probabilities" });
  });

  test("labels that are names of classes, or numbers in another order; True and False; ignored ones", async () => {
    const named = write("named.csv", "prob_cat,prob_dog,label\n0.25,0.75,dog\n0.5,0.5,cat\n0.5,0.5,-100\n");
    expect(await readBoth(named)).toMatchObject({ labels: [1, 0, -100] });
    const shifted = write("shifted.csv", "p_1,p_2,label\n0.25,0.75,2\n0.5,0.5,1.0\n");
    expect(await readBoth(shifted)).toMatchObject({ labels: [1, 0] });
    const bools = write("bools.csv", "p_0,p_1,label\n0.25,0.75,True\n0.5,0.5,FALSE\n");
    expect(await readBoth(bools)).toMatchObject({ labels: [1, 0] });
  });

  test("one column of class 1 is made two", async () => {
    const prob = write("prob.csv", "y_true,y_prob\n1,0.75\n0,0.125\n");
    expect(await readBoth(prob)).toMatchObject({
      logits: [0.25, 0.75, 0.875, 0.125],
      labels: [1, 0],
      input: "probabilities",
    });
    const logit = write("logit.csv", "logit,label\n-2.5,1\n3,0\n");
    expect(await readBoth(logit)).toMatchObject({
      logits: [0, -2.5, 0, 3],
      labels: [1, 0],
      perRow: 2,
      input: "logits",
    });
  });

  test.each([
    ["y_true,y_pred\n1,1.5\n2,2.5\n", "y_pred", "y_true"],
    ["prediction,actual\n1.5,1\n2.5,2\n", "prediction", "actual"],
    ["yhat,id,Target\n1.5,7,1\n2.5,8,2\n", "yhat", "Target"],
    ["target,model\n1,1.5\n2,2.5\n", "model", "target"],
  ])("of a regression: %j", async (file, predictions, targets) => {
    const note = `column "${predictions}" as predictions, column "${targets}" as targets`;
    const wanted = { logits: [1.5, 2.5], labels: [1, 2], note, perRow: 1 };
    expect(await readBoth(write("r.csv", file), { isRegression: true })).toMatchObject(wanted);
  });

  test("of a regression without a header: targets, then predictions", async () => {
    const path = write("r.csv", "1.25,1.5\n2,2.5\n");
    expect(await readBoth(path, { isRegression: true })).toMatchObject({ logits: [1.5, 2.5], labels: [1.25, 2] });
  });

  test("one array of a table", async () => {
    const path = write("one.csv", table("label,logit_0,logit_1,logit_2", 0));
    expect(await readOne(path, { role: "logits", floats: true })).toMatchObject({ values: ROWS.flat(), perRow: 3 });
    expect(await readOne(path, { role: "labels", floats: false })).toMatchObject({ values: LABELS, dtype: "i32" });
    const plain = write("plain.csv", "3\n4\n5\n");
    expect(await readOne(plain, { role: "labels", floats: false })).toMatchObject({ values: [3, 4, 5] });
  });

  test("as float32, rounded once", async () => {
    const path = write("f32.csv", table("a,b,c,label", 3));
    const { logits, dtype } = await readBoth(path, { dtype: "f32" });
    expect(dtype).toBe("f32");
    expect(logits).toEqual(ROWS.flat().map(Math.fround));
  });
});

describe("what is refused, in a line", () => {
  const head = "label,p_0,p_1\n";
  test.each<[title: string, file: string, line: string, options?: Given]>([
    ["a text", `${head}0,0.5,0.5\n1,abc,0.5\n`, 'line 3, column "p_0": "abc" where a number should be'],
    ["nothing", `${head}0,0.5,\n`, 'line 2, column "p_1": nothing where a number should be'],
    ["another base", `${head}0,0x10,1\n`, 'line 2, column "p_0": "0x10" where a number should be'],
    [
      "behind empty lines and quotes",
      `${head}\n"0","0.5","0.5"\n\n"0","x","1"\n`,
      'line 5, column "p_0": "x" where a number should be',
    ],
    ["a decimal comma", `label;p_0;p_1\n0;0,5;0,5\n`, 'line 2, column "p_0": "0,5" where a number should be'],
    [
      "without a header",
      "0.5,1\n0.5,x\n",
      'line 2, column 2: is "x", which is no number',
      { columns: ["1"], labelColumn: "2" },
    ],
    ["too few fields", `${head}0,0.5\n`, "line 2: 2 fields, but 3 in the first line"],
    ["too many fields", `${head}0,0.5,0.5,0.5\n`, "line 2: 4 fields, but 3 in the first line"],
    ["too many fields in quotes", `${head}"0",0.5,0.5,0.5\n`, "line 2: 4 fields, but 3 in the first line"],
    ["a label that is none", `${head}x,0.5,0.5\n`, 'line 2, column "label": is "x", which is no number'],
    [
      "an unknown class",
      "label,p_cat,p_dog\nbird,1,0\n",
      'line 2, column "label": is "bird", which is no number and no column of a class is called so',
    ],
    [
      "an unknown number",
      "label,p_1,p_2\n3,1,0\n",
      'line 2, column "label": is "3", but no column of a class is called so',
    ],
    ["half a label", `${head}0.5,0.5,0.5\n`, 'line 2, column "label": is "0.5", but must be an integer'],
    [
      "a label beyond int32",
      `${head}4294967296,0.5,0.5\n`,
      'line 2, column "label": is "4294967296", but must be an integer of 32 bits',
    ],
    ["no label", `${head},0.5,0.5\n`, 'line 2, column "label": is empty, but must be a label'],
    [
      "no column of labels",
      "a,b,c\n1,2,3\n",
      '--label-column must say which column holds the labels (there are "a", "b", "c")',
    ],
    [
      "several columns of labels",
      "y,gold,p_0,p_1\n1,1,2,3\n",
      '--label-column must say which column holds the labels (there are "y", "gold", "p_0", "p_1")',
    ],
    [
      "integers without a header",
      "1,2,3\n1,2,3\n",
      "--label-column must say which column holds the labels (there are 3 columns without names)",
    ],
    [
      "no values",
      "label,text\n1,a\n",
      '--columns must say which columns hold the logits or probabilities (there are "label", "text")',
    ],
    [
      "no predictions",
      "y_true,a,b\n1,2,3\n",
      '--columns must say which column holds the predictions (there are "y_true", "a", "b")',
      { isRegression: true },
    ],
    [
      "an unknown name",
      `${head}0,0.5,0.5\n`,
      'no column "p_2" (--columns), "p_0"? (there are "label", "p_0", "p_1")',
      { columns: ["p_0", "p_2"] },
    ],
    [
      "an unknown number of a column",
      `${head}0,0.5,0.5\n`,
      'no column "4" (--label-column) (there are "label", "p_0", "p_1")',
      { labelColumn: "4" },
    ],
    [
      "a column twice",
      `${head}0,0.5,0.5\n`,
      '--columns has column "p_0" twice (there are "label", "p_0", "p_1")',
      { columns: ["p_0", "2"] },
    ],
    [
      "a name twice",
      "label,p,p\n0,0.5,0.5\n",
      '--columns is "p", which 2 columns are called (there are "label", "p", "p")',
      { columns: ["p"] },
    ],
    [
      "labels among the values",
      `${head}0,0.5,0.5\n`,
      'column "label" can\'t hold both labels and logits (there are "label", "p_0", "p_1")',
      { columns: ["1-3"], labelColumn: "label" },
    ],
    ["a header alone", head, "a table without rows"],
    ["line ends alone", "\n\n", "a table without rows"],
    ["UTF-16", "\ufffe", "text in UTF-16; save it as UTF-8"],
    [
      "another dtype",
      `${head}0,0.5,0.5\n`,
      "numbers in text are read as f64 or f32, but the dtype is f16",
      { dtype: "f16" },
    ],
  ])("%s", async (title, file, line, options = {}) => {
    const path = write("bad.csv", title === "UTF-16" ? Buffer.from("\ufeffa,b\n", "utf16le") : file);
    await expect(readBoth(path, options)).rejects.toThrow(new FormatError(`${path}: ${line}`));
  });
});

test("a number is the nearest float64, as Number() reads it", () => {
  const decimals = fc.stringMatching(/^-?\d{0,18}(\.\d{0,22})?$/).filter((it) => /\d/.test(it));
  const texts = fc.oneof(decimals, fc.double().map(String), fc.float().map(String), fc.integer().map(String));
  return fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(texts, texts), { minLength: 1, maxLength: 20 }), async (rows) => {
      const path = write("numbers.csv", `a,b,label\n${rows.map(([a, b]) => `${a},${b},0\n`).join("")}`);
      const { logits } = await readBoth(path);
      expect(logits).toEqual(rows.flat().map(Number));
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["nan", Number.NaN],
  ["-NaN", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  [" -Infinity ", Number.NEGATIVE_INFINITY],
  ["+1.5e3", 1500],
  [".5", 0.5],
  ["5.", 5],
  ["", undefined],
  [" ", undefined],
  ["0x10", undefined],
  ["1_000", undefined],
  ["1,5", undefined],
  ["e5", undefined],
  ["--1", undefined],
])("%j as a number is %j", (text, value) => {
  expect(numberIn(text)).toEqual(value);
});

describe("blocks and pipes", () => {
  const random = mulberry32(5);
  const rows = 40_000;
  const values = Array.from({ length: 2 * rows }, () => Math.round(random() * 1e9) / 1e6);
  const labels = Array.from({ length: rows }, () => Math.floor(random() * 2));
  const lines = (quoted: (i: number) => boolean) =>
    labels.map(
      (label, i) => `${label},${values[2 * i]},${values[2 * i + 1]},${quoted(i) ? '"a ""quoted"",\ntext"' : "text"}\n`,
    );
  const file = (quoted: (i: number) => boolean) => `label,p_0,p_1,text\n${lines(quoted).join("")}`;

  test.each([
    ["none", () => false],
    ["all", () => true],
    ["some", (i: number) => i % 1000 === 999],
  ] as const)("larger than a block, %s of its lines quoted", async (_, quoted) => {
    const path = write("large.csv", file(quoted));
    const all = await readBoth(path, {}, 5000);
    expect(all.logits).toEqual(values);
    expect(all.labels).toEqual(labels);
  });

  test("a line's number counts line ends in quotes", async () => {
    const path = write("large.csv", `${file((i) => i % 3 === 0)}0,x,1,text\n`);
    const line = 2 + rows + Math.ceil(rows / 3);
    await expect(readBoth(path, {}, 5000)).rejects.toThrow(`line ${line}, column "p_0": "x" where`);
  });

  test("a stream in pieces of any size; parts that are read one after the other", async () => {
    const path = write(
      "large.csv",
      file((i) => i % 1000 === 0),
    );
    for (const highWaterMark of [1000, 65_537]) {
      const source = fromChunks("pipe", createReadStream(path, { highWaterMark }));
      const both = await openBoth(source, { role: "logits", floats: true }, { role: "labels", floats: false });
      expect(await elementsOf(both.labels, 999)).toEqual(labels);
      expect(await elementsOf(both.logits, 1000)).toEqual(values);
      await both.logits.close();
    }
  });

  test("rows longer than a block", async () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `logit_of_class_${i}`);
    const row = names.map((_, i) => i / 8);
    const path = write(
      "wide.csv",
      `${["label", ...names].join()}\n${[0, 1, 2].map((it) => [it, ...row].join()).join("\n")}`,
    );
    const all = await readBoth(path);
    expect(all.labels).toEqual([0, 1, 2]);
    expect(all.logits).toEqual([...row, ...row, ...row]);
  });

  test("a line of 64 MiB", { timeout: 60_000 }, async () => {
    const path = write("long.csv", `label,p_0,p_1\n1,0.5,"${"x".repeat(2 ** 27)}`);
    await expect(readBoth(path)).rejects.toThrow(
      /line 2 is longer than 67108864 bytes, or a quotation mark without its other one$/,
    );
  });
});
