import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { bfloat16, float16 } from "../src/dtype.ts";
import { openNpy, writeNpy } from "../src/formats/npy.ts";
import { evaluationOf, mergeStates, regressionOf } from "../src/index.node.ts";
import { openBackends } from "./backends.ts";

/** Another realm's array of the same kind and values. */
const realms: Record<string, <A extends ArrayBufferView>(array: A) => A | Promise<A>> = {
  "a vm context": (array) =>
    runInNewContext(`${array.constructor.name}.from(values)`, { values: [...(array as never as number[])] }),
  structuredClone: (array) => structuredClone(array),
  "v8.deserialize": (array) => {
    // Node's own arrays, whatever realm the test runs in
    const copy = deserialize(serialize(array));
    return copy;
  },
  "a worker": (array) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(
        "require('node:worker_threads').parentPort.once('message', (x) => process.exit(void require('node:worker_threads').parentPort.postMessage(x)))",
        { eval: true },
      );
      worker.once("message", resolve).once("error", reject);
      worker.postMessage(array);
    }),
};

test.each(Object.entries(realms))("npy files are written from, and read into, arrays of %s", async (_, from) => {
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-realms-"));
  try {
    for (const own of [Float32Array.of(1, 2), Float64Array.of(3, 4), BigInt64Array.of(5n, -6n), Uint16Array.of(7, 8)]) {
      const path = join(folder, "x.npy");
      writeNpy(path, await from(own as Float32Array), [2]);
      const file = openNpy(path);
      const into = await from(own.slice() as Float32Array);
      new Uint8Array(into.buffer, into.byteOffset, into.byteLength).fill(0);
      expect(file.read(into)).toBe(2);
      expect([...into]).toEqual([...own]);
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const { name: backend, losses } of await openBackends()) {
  for (const [realm, from] of Object.entries(realms)) {
    test(`${backend}: arrays of ${realm} are taken as they are, and written to`, async () => {
      const x = await from(Float32Array.of(1, 2, 3, 0, 5, 1));
      const y = await from(Int32Array.of(2, 1));
      const wide = await from(BigInt64Array.of(2n, 1n));
      const weight = await from(Float32Array.of(1, 2, 3));
      const out = await from(new Float32Array(6));
      const half = await from(Uint16Array.of(0x3c00, 0xc000, 0));
      const own = Float32Array.of(1, 2, 3, 0, 5, 1);
      const labels = Int32Array.of(2, 1);

      expect(losses.mse(x, out)).toBe(losses.mse(own, new Float32Array(6)));
      expect(losses.softmax(x, { classes: 3, out })).toBe(out);
      expect([...out]).toEqual([...losses.softmax(own, { classes: 3 })]);
      const options = { classes: 3, weight: Float32Array.of(1, 2, 3) };
      const wanted = losses.crossEntropyWithGrad(own, labels, options);
      for (const targets of [y, wide]) {
        const got = losses.crossEntropyWithGrad(x, targets, { classes: 3, weight, out });
        expect(got.loss).toBe(wanted.loss);
        expect(got.grad).toBe(out);
        expect([...out]).toEqual([...wanted.grad]);
      }
      const probabilities = await from(Float32Array.of(0, 0, 1, 0, 1, 0));
      const ours = Float32Array.of(0, 0, 1, 0, 1, 0);
      expect(losses.crossEntropy(x, probabilities, { classes: 3 })).toBe(
        losses.crossEntropy(own, ours, { classes: 3 }),
      );
      expect(losses.evaluate(x, y, { classes: 3 })).toEqual(losses.evaluate(own, labels, { classes: 3 }));
      for (const wrap of [float16, bfloat16]) {
        const ours = wrap(Uint16Array.of(0x3c00, 0xc000, 0));
        expect([...losses.logSumExp(wrap(half), { classes: 3 })]).toEqual([...losses.logSumExp(ours, { classes: 3 })]);
      }
    });
  }

  test(`${backend}: labels are of any integer type in every realm`, async () => {
    const x = Float32Array.of(1, 2, 3, 0, 5, 1);
    const wanted = losses.crossEntropyWithGrad(x, Int32Array.of(2, 1), { classes: 3 });
    const small = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
    const labels = [...small.map((type) => type.of(2, 1)), BigInt64Array.of(2n, 1n), BigUint64Array.of(2n, 1n)];
    for (const own of labels) {
      const all = [own, ...(await Promise.all(Object.values(realms).map((from) => from(own as Int32Array))))];
      for (const y of all) {
        expect(losses.crossEntropyWithGrad(x, y, { classes: 3 }), own.constructor.name).toEqual(wanted);
        expect(losses.evaluate(x, y, { classes: 3 }).loss.mean).toBe(wanted.loss);
      }
    }
    // as JSON and other realms give them
    for (const y of [JSON.parse("[2, 1]"), runInNewContext("[2, 1]"), structuredClone([2, 1])]) {
      expect(losses.crossEntropyWithGrad(x, y, { classes: 3 })).toEqual(wanted);
    }
  });

  test(`${backend}: alloc takes a constructor of another realm`, () => {
    for (const name of ["Float32Array", "Float64Array", "Int32Array", "BigInt64Array", "Uint8ClampedArray"]) {
      const type: typeof Float32Array = runInNewContext(name);
      const view = losses.alloc(type, 3);
      expect(view).toBeInstanceOf(type);
      expect(view.byteLength).toBe(3 * type.BYTES_PER_ELEMENT);
      losses.free(view);
    }
    const logits = losses.alloc(runInNewContext("Float32Array") as typeof Float32Array, 2);
    expect(losses.logSumExp(logits, { classes: 2 })[0]).toBe(Math.LN2);
    losses.free(logits);
    for (const type of ["DataView", "Object", "class Float32Array {}", "(() => {})"]) {
      expect(() => losses.alloc(runInNewContext(`(${type})`), 3), type).toThrow("alloc: type must be a typed array");
    }
  });

  test(`${backend}: states of any realm are read and merged`, async () => {
    const evaluator = losses.evaluator({ classes: 2 });
    evaluator.add(Float32Array.of(1, 0, 0, 1), [0, 0]);
    const regression = losses.regressionEvaluator();
    regression.add(Float32Array.of(1, 2), Float32Array.of(0, 4));
    for (const [realm, from] of Object.entries(realms)) {
      const state = await from(evaluator.state());
      expect(evaluationOf(state), realm).toEqual(evaluator.result());
      expect(evaluationOf(mergeStates(state, state)).rows, realm).toBe(4);
      const ofRegression = await from(regression.state());
      expect(regressionOf(ofRegression), realm).toEqual(regression.result());
      expect(regressionOf(mergeStates(ofRegression, ofRegression)).count, realm).toBe(4);
    }
  });

  test(`${backend}: labels are any integer typed array, or a plain array of integers`, () => {
    const x = Float32Array.of(1, 2, 3, 0, 5, 1);
    const wanted = losses.crossEntropy(x, Int32Array.of(2, 1), { classes: 3 });
    for (const labels of [[2, 1], Uint8ClampedArray.of(2, 1), Object.freeze([2, 1])]) {
      expect(losses.crossEntropy(x, labels, { classes: 3 })).toBe(wanted);
      expect(losses.evaluate(x, labels, { classes: 3 }).loss.mean).toBe(wanted);
    }
    const wrong: [readonly unknown[], string][] = [
      [[2, 1.5], "crossEntropy: labels[1] must be an integer, but is 1.5"],
      [["2", 1], "crossEntropy: labels[0] must be an integer, but is a string"],
      [[2, undefined], "crossEntropy: labels[1] must be an integer, but is undefined"],
      [
        [2, 2 ** 53],
        "crossEntropy: labels[1] must be a safe integer, but is 9007199254740992 (a BigInt64Array holds such integers)",
      ],
      [
        [2, 1n],
        "crossEntropy: labels[1] must be a safe integer, but is a bigint (a BigInt64Array holds such integers)",
      ],
      [[2, 2 ** 40], "crossEntropy: labels[1] is 1099511627776, but classes is 3 (allowed 0..2, or ignoreIndex -100)"],
      [[0, 0, 1, 0, 1, 0], "one-hot targets are floats"],
    ];
    for (const [labels, message] of wrong) {
      expect(() => losses.crossEntropy(x, labels as number[], { classes: 3 })).toThrow(message);
    }
  });

  test(`${backend}: messages say what was most likely meant`, () => {
    const x = new Float32Array(6);
    const wrong: [() => unknown, string][] = [
      [() => losses.softmax(new Uint16Array(6) as never, { classes: 3 }), "float16(bits), bfloat16(bits)"],
      [
        () => losses.mse({ data: x } as unknown as Float32Array, x),
        "a tensor without dims or shape? its .data is an array",
      ],
      [() => losses.crossEntropy(x, { data: [1, 2] } as unknown as number[], { classes: 3 }), "targets must be labels"],
      [
        () => losses.crossEntropy(x, [0, 1], Object.assign({ classes: 3 }, { label_smoothing: 0.5 })),
        "label_smoothing is no option (labelSmoothing?)",
      ],
      [() => losses.evaluate(x, [0, 1], { classes: 3, topk: [1] } as never), "topk is no option (topK?)"],
      [() => losses.huber(x, x, { detla: 1 } as never), "detla is no option (delta?)"],
    ];
    for (const [call, message] of wrong) expect(call).toThrow(message);
  });
}
