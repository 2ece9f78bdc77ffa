// Arrays of a frame, whose constructors are others than the page's.

import { expect, test } from "vitest";
import { createLosses } from "../../src/inlinedLosses.ts";

const frame = document.createElement("iframe");
document.body.append(frame);
const realm = frame.contentWindow as unknown as typeof globalThis;

test.each(["js", "wasm"] as const)("%s: arrays of a frame are taken as they are, and written to", async (backend) => {
  const losses = await createLosses({ backend });
  expect(realm.Float32Array).not.toBe(Float32Array);
  const logits = realm.Float32Array.of(1, 2, 3, 0, 5, 1);
  const wanted = losses.crossEntropyWithGrad(Float32Array.of(1, 2, 3, 0, 5, 1), Int32Array.of(2, 1), { classes: 3 });
  const small = [realm.Int8Array, realm.Uint8Array, realm.Uint8ClampedArray, realm.Int16Array, realm.Uint16Array];
  const labels = [
    ...[...small, realm.Int32Array, realm.Uint32Array].map((type) => type.of(2, 1)),
    ...[realm.BigInt64Array, realm.BigUint64Array].map((type) => type.of(2n, 1n)),
    realm.Array.of(2, 1),
  ];
  for (const y of labels) {
    const out = new realm.Float32Array(6);
    const { loss, grad } = losses.crossEntropyWithGrad(logits, y, { classes: 3, out });
    expect(loss).toBe(wanted.loss);
    expect(grad).toBe(out);
    expect([...out]).toEqual([...wanted.grad]);
    expect(losses.evaluate(logits, y, { classes: 3 }).loss.mean).toBe(wanted.loss);
  }
  const own = losses.alloc(realm.Float64Array as typeof Float64Array, 2);
  expect(losses.logSumExp(own, { classes: 2 })[0]).toBe(Math.LN2);
  losses.free(own);
  losses.close();
});
