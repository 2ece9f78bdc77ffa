import { expect, test } from "vitest";
import { FUNCTIONS, worstOfFloat32 } from "../elementary.ts";

/** All inputs take 45 minutes or more: EVERY=101 takes every 101st one. */
const every = Number(process.env.EVERY ?? 1);

test.each(Object.entries(FUNCTIONS))(
  `of the 2^32 float32 inputs of %s every ${every}th: js and wasm agree in every bit, within the stated error`,
  { timeout: 3_600_000 },
  (name, { bounds }) => {
    expect(worstOfFloat32(name, every)).toBeLessThanOrEqual(bounds.f32);
  },
);
