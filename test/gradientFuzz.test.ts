import { expect, test } from "vitest";
import { openBackends } from "./backends.ts";
import { fuzzGradients } from "./gradientFuzz.ts";

// A taste; test/exhaustive does it 200,000 times.

const opened = await openBackends();

test.each([1, 2, 3, 4])("300 gradients are within their bounds, seed %i", { timeout: 60_000 }, (seed) => {
  expect(fuzzGradients(opened, 300, seed)).toBeGreaterThan(6000);
});
