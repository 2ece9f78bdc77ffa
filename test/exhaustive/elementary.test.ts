import { expect, test } from "vitest";
import { FUNCTIONS, worstOfFloat32 } from "../elementary.ts";

test.each(Object.entries(FUNCTIONS))(
  "all 2^32 float32 inputs of %s: js and wasm agree in every bit, within the stated error",
  { timeout: 3_600_000 },
  (name, { bounds }) => {
    expect(worstOfFloat32(name, 1)).toBeLessThanOrEqual(bounds.f32);
  },
);
