import { describe, expect, test } from "vitest";
import { bfloat16, float16 } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { bfloat16Value, expectSame, float16Value, labelsOf, mulberry32 } from "./inputs.ts";

const opened = await openThreaded();

const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);

const formats = [
  { name: "float16", half: float16, value: float16Value },
  { name: "bfloat16", half: bfloat16, value: bfloat16Value },
];

describe.each(opened)("$name", ({ losses }) => {
  describe.each(formats)("$name", ({ half, value }) => {
    const wide = Float32Array.from(bits, value);

    test("all 65,536 bit patterns are the float32 they stand for", () => {
      // The log-sum-exp of a row of one class is the value itself; of rows of two, both are seen.
      for (const classes of [1, 2, 64, 256]) {
        const labels = labelsOf(mulberry32(classes), bits.length / classes, classes);
        const [a, b] = [half(bits), wide].map((logits) => {
          const rows: number[] = [];
          const evaluator = (losses as unknown as Listening).evaluator({ classes, perClass: true }, (records, n) => {
            for (let i = 0; i < 8 * n; i++) rows.push(records[i]);
          });
          evaluator.add(logits, labels);
          return { rows, state: evaluator.state() };
        });
        for (let i = 0; i < a.rows.length; i++) {
          if (!Object.is(a.rows[i], b.rows[i])) expect.fail(`${classes} classes, [${i}]: ${a.rows[i]}, ${b.rows[i]}`);
        }
        expect(a.state).toEqual(b.state);
      }
    });

    test("the functions of rows give what they give of those float32", () => {
      for (const classes of [2, 64, 1024]) {
        const labels = labelsOf(mulberry32(classes), bits.length / classes, classes);
        const x = half(bits);
        const options = { classes, reduction: "none" } as const;
        const pairs: [ArrayLike<number>, ArrayLike<number>][] = [
          [losses.softmax(x, { classes }), losses.softmax(wide, { classes })],
          [losses.logSoftmax(x, { classes }), losses.logSoftmax(wide, { classes })],
          [losses.logSumExp(x, { classes }), losses.logSumExp(wide, { classes })],
          [losses.crossEntropy(x, labels, options), losses.crossEntropy(wide, labels, options)],
        ];
        const grads = [x, wide].map((logits) => losses.crossEntropyWithGrad(logits as never, labels, { classes }));
        pairs.push([grads[0].grad, grads[1].grad]);
        for (const [got, wanted] of pairs) expectSame(got, wanted, `${classes} classes`);
        expect(grads[0].loss).toEqual(grads[1].loss);
      }
    });

    test("what goes with them is float32, and elsewhere", () => {
      const x = half(bits.subarray(0, 8));
      const y = Int32Array.of(0, 1);
      expect(() => losses.softmax(x, { classes: 4, out: new Float64Array(8) as never })).toThrow(TypeError);
      expect(() => losses.softmax(x, { classes: 4, out: new Float32Array(bits.buffer, 0, 8) })).toThrow(RangeError);
      expect(() => losses.crossEntropy(x, y, { classes: 4, weight: new Float64Array(4) as never })).toThrow(TypeError);
      expect(() => losses.crossEntropy(x, new Float64Array(8) as never, { classes: 4 })).toThrow(TypeError);
      const { loss, grad } = losses.crossEntropyWithGrad(x, y, { classes: 4, reduction: "none" });
      expect([loss.constructor, grad.constructor]).toEqual([Float64Array, Float32Array]);
      expect(losses.crossEntropy(x, y, { classes: 4, weight: new Float32Array(4).fill(1) })).toBe(
        losses.crossEntropy(wide.slice(0, 8), y, { classes: 4 }),
      );
    });

    test("an odd number of rows, at any offset", () => {
      for (const [rows, classes, shift] of [
        [1, 3, 1],
        [7, 5, 3],
        [3, 1001, 5],
        [everything ? 40 : 9, 20011, 2],
      ]) {
        const from = bits.map((_, i) => 0x3000 + ((i * 7919) & 0x1fff)).subarray(shift % 2);
        const data = new Uint16Array(rows * classes + shift).map((_, i) => from[i % from.length]).subarray(shift);
        const labels = labelsOf(mulberry32(rows), rows, classes);
        const wanted = losses.evaluate(Float32Array.from(data, value), labels, { classes });
        expect(losses.evaluate(half(data), labels, { classes })).toEqual(wanted);
      }
    });
  });

  test("a Float16Array is taken where the platform has one", () => {
    const data = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001);
    const labels = Int32Array.of(0, 1);
    // Known by its tag: this platform may have none.
    class Float16Array extends Uint16Array {
      override get [Symbol.toStringTag](): "Uint16Array" {
        return "Float16Array" as "Uint16Array";
      }
    }
    const array = Float16Array.from(data);
    expect(losses.evaluate(array as never, labels, { classes: 2 })).toEqual(
      losses.evaluate(float16(data), labels, { classes: 2 }),
    );
  });
});

test("bits are a Uint16Array", () => {
  expect(() => float16(new Uint8Array(2) as never)).toThrow(new TypeError("float16: bits must be a Uint16Array"));
  expect(() => bfloat16([1] as never)).toThrow(TypeError);
});

/** The engine's own evaluator tells of every row. */
interface Listening {
  evaluator(
    options: object,
    listener: (records: Float64Array, n: number) => void,
  ): { add(logits: unknown, labels: Int32Array): void; state(): Uint8Array };
}
