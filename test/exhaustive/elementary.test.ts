import { test } from "vitest";
import { compareFloat32 } from "../elementary.ts";

test("all 2^32 float32 inputs of exp and log: js and wasm agree in every bit", { timeout: 3_600_000 }, () => {
  compareFloat32(1, false);
});
