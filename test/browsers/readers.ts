// Files as a page has them - chosen, fetched, streamed, in memory - straight into an evaluation, with the figures of the command line.

import { expect, test } from "vitest";
import type { Evaluation } from "../../src/evaluate/evaluation.ts";
import type { FileInput } from "../../src/formats/fileInput.ts";
import { openBatches, openTensor } from "../../src/formats/formats.browser.ts";
import { createLosses } from "../../src/inlinedLosses.ts";
import type { Given } from "./pageFiles.ts";

const given: Given[] = await (await fetch("given.json")).json();
const { figures } = given.find(({ name }) => name === "logits and labels")!;
const wanted = figures as Evaluation;

const losses = await createLosses();

const bytesOf = async (name: string) => (await fetch(`given/${name}`)).arrayBuffer();
const fileOf = async (name: string) => new File([await bytesOf(name)], name);

const INPUTS: Readonly<Record<string, (name: string) => Promise<FileInput>>> = {
  "a File": fileOf,
  "a Blob": async (name) => new Blob([await bytesOf(name)]),
  "an answer": (name) => fetch(`given/${name}`),
  "a stream": async (name) => (await fileOf(name)).stream(),
  "bytes in memory": bytesOf,
  "an address, relative to the page": async (name) => `given/${name}`,
  "a URL": async (name) => new URL(`given/${name}`, location.href),
};

async function check(logits: FileInput, options?: Parameters<typeof openBatches>[1]): Promise<void> {
  const batches = await openBatches(logits, { ...options, batchBytes: 50_000 });
  const { input } = batches;
  const { loss, accuracy, rows } = await losses.evaluateStream(batches, { input });
  expect([loss.sum, accuracy, rows]).toEqual([wanted.loss.sum, wanted.accuracy, wanted.rows]);
}

test.each(Object.entries(INPUTS))("npy, npz and safetensors from %s", async (_, inputOf) => {
  await check(await inputOf("logits.npy"), { labels: await inputOf("labels.npy") });
  await check(await inputOf("both.npz"));
  await check(await inputOf("both.safetensors"));
});

test("csv, with quoted fields or none", async () => {
  const [x, y] = await Promise.all(
    ["logits.npy", "labels.npy"].map(async (name) => (await openTensor(await fileOf(name))).readAll()),
  );
  const [rows, classes] = x.dims;
  const names = Array.from({ length: classes }, (_, i) => `logit_${i}`);
  for (const quoted of ["", ',"a ""b"", c"']) {
    const lines = Array.from({ length: rows }, (_, row) => {
      const values = x.data.subarray(row * classes, (row + 1) * classes);
      return [y.data[row], ...values].join() + quoted;
    });
    const text = `label,${names.join()}${quoted && ",text"}\n${lines.join("\n")}\n`;
    await check(new File([text], "both.csv"), { dtype: "f32" });
    await check(new File([text], "both.csv").stream(), { dtype: "f32", format: "csv" });
  }
});

test("what can't be read says so in a line", async () => {
  await expect(openBatches("given/nothing.npy")).rejects.toThrow("nothing.npy: the server answered 404");
  await expect(openBatches(await fileOf("text.npy"))).rejects.toThrow(/^text\.npy: /);
  await expect(openBatches(await fileOf("cut.npy"), { labels: await fileOf("labels.npy") })).rejects.toThrow(
    /^cut\.npy: truncated data/,
  );
  await expect(openBatches(await fileOf("cut.npz"))).rejects.toThrow(/^cut\.npz: truncated archive/);
});
