import { describe, expect, test } from "vitest";
import { FormatError } from "../src/formats/error.ts";
import { createLosses } from "../src/index.node.ts";
import { everything } from "./breadth.ts";
import { llamaFile, sampleLine } from "./files.ts";
import { mulberry32 } from "./inputs.ts";
import { folderOfFiles, readBoth, readOne } from "./readFiles.ts";

const { write } = folderOfFiles();

describe("llama.cpp's base logits", () => {
  const random = mulberry32(9);

  test.each([
    { context: 8, classes: 10, chunks: 3 },
    { context: 9, classes: 7, chunks: 2 },
    { context: 3, classes: 1, chunks: 1 },
    { context: everything ? 512 : 64, classes: 4001, chunks: 2 },
  ])("%o", async ({ context, classes, chunks }) => {
    const logits = (): number[] => Array.from({ length: classes }, () => Math.fround(random() * 30 - 15));
    const file = llamaFile({ context, classes, chunks, random, logits });
    const path = write("base.kld", file.bytes);
    for (const atATime of [1, 7, 1000]) {
      const both = await readBoth(path, {}, atATime);
      expect(both).toMatchObject({ labels: file.labels, input: "logProbabilities", perRow: classes, dtype: "f32" });
      expect(both.logits).toEqual(file.logProbabilities);
    }
    const labels = await readOne(path, { role: "labels", floats: false });
    expect(labels).toMatchObject({ values: file.labels, shape: [file.labels.length] });
    const losses = await createLosses();
    const evaluation = losses.evaluate(Float32Array.from(file.logProbabilities), Int32Array.from(file.labels), {
      classes,
      input: "logProbabilities",
    });
    losses.close();
    // what is cut below the maximum less 16 aside, a value is off by half a step of (maximum - minimum) / 65535
    expect(Math.abs(evaluation.loss.mean - file.meanOfClamped)).toBeLessThan(16 / 65535);
  });

  const whole = llamaFile({ context: 8, classes: 10, chunks: 2, random, logits: () => Array(10).fill(0) }).bytes;
  const edited = (at: number, value: number) => {
    const copy = Buffer.from(whole);
    copy.writeInt32LE(value, at);
    return copy;
  };
  test.each([
    [
      "another begin",
      Buffer.from("_logit__\0"),
      "not a base-logits file of llama.cpp (it does not begin with _logits_)",
    ],
    ["an end in the header", whole.subarray(0, 18), "truncated header: 20 bytes expected, 18 found"],
    ["an end in the tokens", whole.subarray(0, 30), "truncated data: 168 bytes of rows expected, 0 found"],
    ["an end in the rows", whole.subarray(0, -1), "truncated data: 168 bytes of rows expected, 167 found"],
    ["more", Buffer.concat([whole, Buffer.of(0)]), "trailing bytes: 168 bytes of rows expected, 169 found"],
    ["no context", edited(8, 1), "n_ctx is 1, but must be from 2 to 268435456"],
    ["no classes", edited(12, 0), "n_vocab is 0, but must be from 1 to 16777216"],
    ["too many chunks", edited(16, 2 ** 30), "n_chunk is 1073741824, but must be from 0 to 33554432"],
    ["fewer chunks", edited(16, -1), "n_chunk is -1, but must be from 0 to 33554432"],
  ])("refused: %s", async (_, bytes, line) => {
    const path = write("bad.kld", bytes);
    await expect(readBoth(path)).rejects.toThrow(new FormatError(`${path}: ${line}`));
  });
});

describe("samples of lm-evaluation-harness", () => {
  const questions = [
    { logLikelihoods: [-12.5, -3.25, -7], choices: ["a long answer", "b", "ccc"], target: 1 },
    { logLikelihoods: [-4, -5], choices: ["yes", "certainly not"], target: 1 },
    { logLikelihoods: [-9, -2.5, -2.5], choices: ["x", "y", "y and z"], target: 2 },
  ];
  const file = (more: object = {}) => questions.map((it) => sampleLine({ ...it, ...more })).join("");

  test("choices are classes; accuracy by letters", async () => {
    const wanted = {
      logits: [-12.5, -3.25, -7, -4, -5, Number.NEGATIVE_INFINITY, -9, -2.5, -2.5],
      labels: [1, 1, 2],
      perRow: 3,
      input: "logits",
      note: "3 questions, log-likelihoods of 3 choices",
      // -12.5 / 13, -3.25, -7 / 3: the first; -4 / 3, -5 / 13: the second; -9, -2.5, -2.5 / 7: the third
      figures: { normalizedAccuracy: 2 / 3 },
    };
    expect(await readBoth(write("samples.jsonl", file()))).toMatchObject(wanted);
    expect(await readBoth(write("samples.jsonl", file({ isRaw: true })))).toMatchObject(wanted);
    expect(await readBoth(write("samples.jsonl", file({ isDouble: true })))).toMatchObject(wanted);
    expect(
      await readBoth(write("samples.jsonl", `\ufeff${file({ delimiter: "" })}\n\n`.replaceAll("\n", "\r\n"))),
    ).toMatchObject(wanted);
    // each line a filter more: the first one counts
    const twice = file() + file({ filter: "other" });
    expect(await readBoth(write("samples.jsonl", twice))).toMatchObject(wanted);
    // texts as targets
    const named = questions.map((it) => sampleLine({ ...it, target: it.choices[it.target] })).join("");
    expect(await readBoth(write("samples.jsonl", named))).toMatchObject(wanted);
    const { shape, values } = await readOne(write("samples.jsonl", file()), { role: "labels", floats: false });
    expect([shape, values]).toEqual([[3], [1, 1, 2]]);
  });

  test("choices in no list of the document: their lengths without the space before; where contexts differ there are none", async () => {
    const path = write("samples.jsonl", file({ hasDoc: false }));
    expect((await readBoth(path)).figures).toEqual({ normalizedAccuracy: 2 / 3 });
    const alike = questions.map((it) => sampleLine({ ...it, choices: it.choices.map(() => "same") })).join("");
    expect((await readBoth(write("samples.jsonl", alike))).figures).toBe(undefined);
  });

  test("what the harness counted is compared", async () => {
    const logged = (values: number[]) => questions.map((it, i) => sampleLine({ ...it, logged: values[i] })).join("");
    const { note } = await readBoth(write("samples.jsonl", logged([0, 1, 1])));
    expect(note).toBe("3 questions, log-likelihoods of 3 choices");
    const { note: other } = await readBoth(write("samples.jsonl", logged([0, 0, 1])));
    expect(other).toMatch(/, but acc_norm in the file is 0.33\d+, and 0.66\d+ of its log-likelihoods$/);
  });

  test.each([
    ["no JSON", "{", "line 1 is no JSON"],
    ["a list", "[1]", "line 1 is no JSON object"],
    [
      "another object",
      '{"a": 1}',
      "line 1 has neither filtered_resps nor resps, as samples of lm-evaluation-harness have",
    ],
    [
      "a text that was generated",
      '{"filtered_resps": ["42", "43"], "target": "42"}',
      'line 1 has the response "42" (0), but a pair of a log-likelihood and a boolean is needed',
    ],
    [
      "a text for a number",
      '{"filtered_resps": [["x", "False"], ["-1", "False"]], "target": "0"}',
      'line 1 has the response ["x","False"] (0), but a pair of a log-likelihood and a boolean is needed',
    ],
    [
      "one response",
      '{"filtered_resps": [["-1", "False"]], "target": "0"}',
      "line 1 has 1 response: samples of multiple-choice tasks have one a choice",
    ],
    [
      "a target beyond the choices",
      '{"filtered_resps": [["-1", "False"], ["-2", "True"]], "target": "2"}',
      "line 1 target is 2, but there are 2 choices",
    ],
    [
      "several targets",
      '{"filtered_resps": [["-1", "False"], ["-2", "True"]], "target": "[0, 1]"}',
      'line 1 target is "[0, 1]": questions with one right choice are read',
    ],
    [
      "an unknown target",
      '{"filtered_resps": [["-1", "False"], ["-2", "True"]], "target": "z"}',
      'line 1 target is "z", which is none of the choices',
    ],
    ["nothing but line ends", "\n\n", "no samples"],
  ])("refused: %s", async (_, text, line) => {
    const path = write("bad.jsonl", text);
    await expect(readBoth(path)).rejects.toThrow(new FormatError(`${path}: ${line}`));
  });
});
