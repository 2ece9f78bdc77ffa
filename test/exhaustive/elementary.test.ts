import { expect, test } from "vitest";
import { compareFloat32 } from "../elementary.ts";

test("all 2^32 float32 inputs of exp and log: js and wasm agree in every bit", { timeout: 3_600_000 }, () => {
  const errors = compareFloat32(1);
  expect(errors.exp).toBeLessThanOrEqual(2);
  expect(errors.log).toBeLessThanOrEqual(0.501);
});
