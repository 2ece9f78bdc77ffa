import { expect, test, vi } from "vitest";
import { ARRAY_FILES, fuzzFiles, fuzzRowFiles, fuzzStates, ROW_FILES } from "../fuzz.ts";

vi.setConfig({ testTimeout: 3_600_000 });

/** Of each kind of file. */
const MUTATIONS = Number(process.env.MUTATIONS ?? 100_000);

test("mutated states", async () => {
  const { refused, read } = await fuzzStates(MUTATIONS, 3);
  expect(refused + read).toBe(MUTATIONS);
});

test.each(Object.keys(ARRAY_FILES))("mutated files: %s", async (name) => {
  const { refused, read } = await fuzzFiles(name, MUTATIONS, 4);
  expect(refused + read).toBe(MUTATIONS);
  const megabytes = process.memoryUsage().rss / 2 ** 20;
  expect(megabytes, "memory in MB").toBeLessThan(1000);
});

test.each(Object.keys(ROW_FILES))("mutated files of rows: %s", async (name) => {
  const { refused, read } = await fuzzRowFiles(name, MUTATIONS, 5);
  expect(refused + read).toBe(MUTATIONS);
});
