import { expect, test, vi } from "vitest";
import { ARRAY_FILES, fuzzFiles, fuzzRowFiles, fuzzStates, ROW_FILES } from "../fuzz.ts";

vi.setConfig({ testTimeout: 1_200_000 });

test("100,000 mutated states", async () => {
  const { refused, read } = await fuzzStates(100_000, 3);
  expect(refused + read).toBe(100_000);
});

test.each(Object.keys(ARRAY_FILES))("100,000 mutated files: %s", async (name) => {
  const { refused, read } = await fuzzFiles(name, 100_000, 4);
  expect(refused + read).toBe(100_000);
  const megabytes = process.memoryUsage().rss / 2 ** 20;
  expect(megabytes, "memory in MB").toBeLessThan(1000);
});

test.each(Object.keys(ROW_FILES))("100,000 mutated files of rows: %s", async (name) => {
  const { refused, read } = await fuzzRowFiles(name, 100_000, 5);
  expect(refused + read).toBe(100_000);
});
