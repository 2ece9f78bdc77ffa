import { expect, test } from "vitest";
import { openBackends } from "../backends.ts";
import { fuzzGradients } from "../gradientFuzz.ts";

/** Of each seed. */
const GRADIENTS = Number(process.env.GRADIENTS ?? 10_000);

const opened = await openBackends();

test.each(Array.from({ length: 20 }, (_, i) => 100 + i))(
  `${GRADIENTS} gradients are within their bounds, seed %i`,
  (seed) => {
    expect(fuzzGradients(opened, GRADIENTS, seed)).toBeGreaterThan(20 * GRADIENTS);
  },
);
