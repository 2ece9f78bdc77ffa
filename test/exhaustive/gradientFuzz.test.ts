import { expect, test } from "vitest";
import { openBackends } from "../backends.ts";
import { fuzzGradients } from "../gradientFuzz.ts";

const opened = await openBackends();

test.each(Array.from({ length: 20 }, (_, i) => 100 + i))(
  "10,000 gradients are within their bounds, seed %i",
  (seed) => {
    expect(fuzzGradients(opened, 10_000, seed)).toBeGreaterThan(200_000);
  },
);
