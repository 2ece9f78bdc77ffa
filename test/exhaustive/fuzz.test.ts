import { expect, test } from "vitest";
import { fuzzFiles, fuzzRowFiles, fuzzStates, ROW_FILES } from "../fuzz.ts";

test("50,000 mutated states", { timeout: 600_000 }, async () => {
  const { refused, read } = await fuzzStates(50_000, 3);
  expect(refused + read).toBe(50_000);
});

test("50,000 mutated files", { timeout: 600_000 }, async () => {
  const { refused, read } = await fuzzFiles(50_000, 4);
  expect(refused + read).toBe(50_000);
  const megabytes = process.memoryUsage().rss / 2 ** 20;
  expect(megabytes, "memory in MB").toBeLessThan(1000);
});

test.each(Object.keys(ROW_FILES))("100,000 mutated files: %s", async (name) => {
  const { refused, read } = await fuzzRowFiles(name, 100_000, 5);
  expect(refused + read).toBe(100_000);
});
