import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const CALLS = 20_000;

/** Prints the bytes of the heap that a call takes, by name; run with a young generation that holds them all. */
const SCRIPT = `
const { createLosses } = await import(process.argv[1]);
const losses = await createLosses({ backend: "wasm" });
const place = (array) => {
  const view = losses.alloc(array.constructor, array.length);
  view.set(array);
  return view;
};
const numbers = (n) => place(Float32Array.from({ length: n }, (_, i) => (i * 7919 % 1000) / 100 - 5));
const calls = {};
for (const [rows, classes] of [[1, 10], [32, 100], [200, 10]]) {
  const [x, out] = [numbers(rows * classes), numbers(rows * classes)];
  const labels = place(Int32Array.from({ length: rows }, (_, i) => i % classes));
  const [options, into] = [{ classes }, { classes, out }];
  const shape = rows + "x" + classes;
  calls["mse " + shape] = () => losses.mse(x, out);
  calls["crossEntropy " + shape] = () => losses.crossEntropy(x, labels, options);
  calls["crossEntropyWithGrad " + shape] = () => losses.crossEntropyWithGrad(x, labels, into);
  calls["softmax " + shape] = () => losses.softmax(x, into);
}
const result = {};
for (const [name, call] of Object.entries({ nothing: () => 0.5, object: () => ({ loss: Math.random(), grad: calls }), ...calls })) {
  let last;
  const repeat = () => {
    for (let i = 0; i < ${CALLS}; i++) last = call();
  };
  // until it is compiled for good
  for (let i = 0; i < 3; i++) repeat();
  // the least of five: a compiler at work meanwhile takes some of the heap, what a call takes it takes each time
  result[name] = Infinity;
  for (let i = 0; i < 5; i++) {
    gc();
    const before = process.memoryUsage().heapUsed;
    repeat();
    result[name] = Math.min(result[name], (process.memoryUsage().heapUsed - before) / ${CALLS});
  }
}
console.log(JSON.stringify(result));
`;

function bytesOfCalls(): Record<string, number> {
  const library = new URL("../../dist/index.js", import.meta.url).href;
  const flags = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256", "--input-type=module"];
  const text = execFileSync(process.execPath, [...flags, "--eval", SCRIPT, library], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });
  return JSON.parse(text);
}

// again where a compiler at work has taken heap meanwhile
test("a call on resident data leaves nothing behind but its result", { retry: 3 }, () => {
  const { nothing, object, ...calls } = bytesOfCalls();
  // the ruler: no object is found where there is none, and one of two fields where there is one
  expect(nothing).toBeLessThan(1);
  expect(object).toBeGreaterThan(30);
  for (const [name, bytes] of Object.entries(calls)) {
    // numbers on the way (a loss, a scale) take 16 bytes each
    const result = /^crossEntropyWithGrad/.test(name) ? object : 0;
    expect(bytes - result, name).toBeLessThan(64);
  }
});
