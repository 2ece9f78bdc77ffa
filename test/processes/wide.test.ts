import { expect, test } from "vitest";
import { openWasm } from "../../src/backends/openWasm.ts";
import { logSumExp } from "../../src/generated/kernels.ts";
import { bfloat16, float16 } from "../../src/index.node.ts";
import { WINDOWS_BYTES } from "../../src/memory/map.ts";
import { inlinedModule } from "../../src/module/inlined.ts";
import { openThreaded } from "../backends.ts";
import { arrayOf, dtypes, expectSame, floats, mulberry32, zeros } from "../inputs.ts";

/** Rows that do not fit the windows by themselves: in WebAssembly they have a memory of their own. */
const ROWS = 2;
const CLASSES = WINDOWS_BYTES / 4 + 5;

const opened = await openThreaded();
const js = opened.find(({ losses }) => losses.backend === "js")!.losses;
const random = mulberry32(11);
const bits = Uint16Array.from({ length: ROWS * CLASSES }, () => random() * 0x4800);
const labels = BigInt64Array.of(BigInt(CLASSES - 1), 3n);

for (const { name, losses } of opened.filter(({ losses }) => losses.backend === "wasm")) {
  for (const dtype of dtypes) {
    const logits = floats(
      dtype,
      Array.from(bits, (it) => it / 1000 - 9),
    );
    const weight = floats(
      dtype,
      Array.from({ length: CLASSES }, (_, i) => (i % 7) / 4),
    );
    const options = { classes: CLASSES, weight, labelSmoothing: 0.1 };

    test(`${name}, ${dtype}: wide rows have the bits of the JavaScript loops`, () => {
      const wanted = js.crossEntropyWithGrad(logits, labels, options);
      const got = losses.crossEntropyWithGrad(logits, labels, options);
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, wanted.grad, "grad");
      const each = { classes: CLASSES, reduction: "none" } as const;
      expectSame(losses.crossEntropy(logits, labels, each), js.crossEntropy(logits, labels, each), "losses");
      const probabilities = js.softmax(logits, { classes: CLASSES });
      expectSame(losses.softmax(logits, { classes: CLASSES }), probabilities, "softmax");
      expectSame(
        losses.logSumExp(logits, { classes: CLASSES }),
        js.logSumExp(logits, { classes: CLASSES }),
        "logSumExp",
      );
      expect(losses.crossEntropy(logits, probabilities, options)).toBe(js.crossEntropy(logits, probabilities, options));
    });

    test(`${name}, ${dtype}: wide rows in place, one resident array among others, and evaluated`, () => {
      const probabilities = js.softmax(logits, { classes: CLASSES });
      const own = logits.slice();
      expect(losses.softmax(own, { classes: CLASSES, out: own })).toBe(own);
      expectSame(own, probabilities, "in place");
      const resident = losses.alloc(arrayOf[dtype] as Float32ArrayConstructor, CLASSES);
      resident.set(logits.subarray(0, CLASSES));
      const out = zeros(dtype, CLASSES) as Float32Array;
      losses.softmax(resident, { classes: CLASSES, out });
      losses.free(resident);
      expectSame(out, probabilities.subarray(0, CLASSES), "resident");
      const evaluated = { classes: CLASSES };
      expect(losses.evaluate(logits, labels, evaluated)).toEqual(js.evaluate(logits, labels, evaluated));
    });
  }

  test(`${name}: wide rows of half precision`, () => {
    for (const half of [float16(bits), bfloat16(bits)]) {
      const options = { classes: CLASSES };
      const wanted = js.crossEntropyWithGrad(half, labels, options);
      const got = losses.crossEntropyWithGrad(half, labels, options);
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, wanted.grad, "grad");
    }
  });
}

test("what reduces a wide row may throw: the next call has its memory", async () => {
  const { backend } = await openWasm({ threads: 1, arenaBytes: 0, wasm: await inlinedModule() });
  const logits = new Float32Array(CLASSES);
  const out = new Float64Array(1);
  const run = (reduce: () => void) => backend.run(logSumExp, "f32", 1, { logits, out, classes: CLASSES }, 0, reduce);
  const broken = () => {
    throw new Error("not this one");
  };
  expect(() => run(broken)).toThrow("not this one");
  run(() => {});
  expectSame(out, js.logSumExp(logits, { classes: CLASSES }), "after an error");
});
