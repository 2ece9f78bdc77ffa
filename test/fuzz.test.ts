import { expect, test } from "vitest";
import { ARRAY_FILES, fuzzFiles, fuzzRowFiles, fuzzStates, ROW_FILES } from "./fuzz.ts";

// A taste; test/exhaustive does it 100,000 times.

test("mutated states are refused in one line, or read", async () => {
  const { refused, read } = await fuzzStates(2000, 1);
  expect(refused + read).toBe(2000);
  expect(refused).toBeGreaterThan(1000);
});

test.each(Object.keys(ARRAY_FILES))("200 mutated files: %s", async (name) => {
  const { refused, read } = await fuzzFiles(name, 200, 2);
  expect(refused + read).toBe(200);
  expect(refused).toBeGreaterThan(20);
});

test.each(Object.keys(ROW_FILES))("250 mutated files of rows: %s", async (name) => {
  const { refused, read } = await fuzzRowFiles(name, 250, 6);
  expect(refused + read).toBe(250);
  expect(refused).toBeGreaterThan(25);
});
