import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { openBackends } from "./backends.ts";

for (const { name: backend, losses } of await openBackends()) {
  test(`${backend}: an array of another realm, whose type has the same name, is called that`, () => {
    const own = new Float32Array(4);
    const foreign = runInNewContext("new Float32Array(4)");
    const message = "but is a Float32Array of another realm";
    expect(() => losses.mse(foreign, own)).toThrow(message);
    expect(() => losses.softmax(own, { classes: 2, out: foreign })).toThrow(message);
    // what it takes: a view of one's own
    expect(losses.mse(new Float32Array(foreign.buffer), own)).toBe(0);
  });
}
