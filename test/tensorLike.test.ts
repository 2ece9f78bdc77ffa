/** Tensors of other libraries in every function: the results are those of their arrays. */
import ndarray from "ndarray";
import { Tensor } from "onnxruntime-common";
import { afterAll, describe, expect, test } from "vitest";
import { createLosses, float16, regressionEvaluator } from "../src/index.node.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";
import { ELEMENTWISE } from "./oracle.ts";

const losses = await createLosses();
afterAll(() => losses.close());

const random = mulberry32(11);
const [batch, positions, classes] = [2, 3, 5];
const shape = [batch, positions, classes];
const rows = batch * positions;
const x = logitsOf(random, "float32", rows, classes) as Float32Array<ArrayBuffer>;
const t = logitsOf(random, "float32", rows, classes) as Float32Array<ArrayBuffer>;
const labels = labelsOf(random, rows, classes);
const int64 = BigInt64Array.from(labels, BigInt);
const p = losses.softmax(t, { classes }) as Float32Array<ArrayBuffer>;
const bits = Uint16Array.from(x, (_, i) => 0x3000 + ((i * 977) % 0x1400));

/** As tensors of TensorFlow.js and jax-js are: `data()` is a promise, `strides` has no last one. */
class SyncTensor {
  readonly #data: ArrayBufferView;
  readonly shape: number[];
  readonly dtype: string;
  readonly strides: number[];
  constructor(data: ArrayBufferView, sizes: number[], dtype = "float32") {
    this.#data = data;
    this.shape = sizes;
    this.dtype = dtype;
    this.strides = sizes.slice(1).map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
  }
  dataSync() {
    return this.#data;
  }
  data() {
    return Promise.resolve(this.#data);
  }
}

/** As tensors of transformers.js are: a proxy, so that elements may be asked for by their index. */
function proxied(tensor: Tensor): { data: Tensor["data"]; dims: readonly number[]; type: string } {
  return new Proxy(tensor, {
    get: (of, key) => (/^\d+$/.test(String(key)) ? of.data[Number(key)] : Reflect.get(of, key)),
  });
}

/** An ndarray that begins within its data. */
function within<A extends Float32Array | Int32Array>(data: A, sizes: number[]) {
  const longer = new (data.constructor as new (n: number) => A)(data.length + 7);
  longer.set(data, 4);
  return ndarray(longer, sizes, undefined, 4);
}

const KINDS = [
  {
    name: "onnxruntime",
    floats: (data: Float32Array, sizes = shape) => new Tensor("float32", data, sizes),
    integers: new Tensor("int64", int64, [batch, positions]),
  },
  {
    name: "transformers.js",
    floats: (data: Float32Array, sizes = shape) => proxied(new Tensor("float32", data, sizes)),
    integers: proxied(new Tensor("int64", int64, [batch, positions])),
  },
  {
    name: "TensorFlow.js",
    floats: (data: Float32Array, sizes = shape) => new SyncTensor(data, sizes),
    integers: new SyncTensor(labels, [batch, positions], "int32"),
  },
  {
    name: "ndarray",
    floats: (data: Float32Array, sizes = shape) => within(data, sizes),
    integers: within(labels as Int32Array, [batch, positions]),
  },
] as const;

const names = [...Object.keys(ELEMENTWISE).filter((name) => name in losses), "rmse", "gaussianNll"];
/** Any loss by its name. */
const calls = losses as unknown as Record<string, (p: unknown, t: unknown, options?: object) => unknown>;

describe.each(KINDS)("of $name", ({ floats, integers }) => {
  const logits = floats(x);
  const targets = floats(t);

  test("in functions of rows, whose classes are the last size", () => {
    expect(losses.softmax(logits)).toEqual(losses.softmax(x, { classes }));
    expect(losses.logSoftmax(logits, {})).toEqual(losses.logSoftmax(x, { classes }));
    expect(losses.logSumExp(logits)).toEqual(losses.logSumExp(x, { classes }));
    const out = new Float32Array(x.length);
    expect(losses.softmax(logits, { classes, out: out as never })).toBe(out);
    for (const y of [integers, labels, floats(p), p]) {
      const plain = y === integers ? labels : y === labels || y === p ? y : p;
      const none = { reduction: "none" } as const;
      expect(losses.crossEntropy(logits, y)).toBe(losses.crossEntropy(x, plain, { classes }));
      expect(losses.crossEntropy(x, y, { classes })).toBe(losses.crossEntropy(x, plain, { classes }));
      expect(losses.crossEntropy(logits, y, none)).toEqual(losses.crossEntropy(x, plain, { classes, ...none }));
      expect(losses.crossEntropyWithGrad(logits, y)).toEqual(losses.crossEntropyWithGrad(x, plain, { classes }));
    }
    for (const name of ["klDivergence", "jensenShannon", "klDivergenceWithGrad", "jensenShannonWithGrad"]) {
      expect(calls[name](logits, floats(p))).toEqual(calls[name](x, p, { classes }));
    }
  });

  test("in evaluations", () => {
    const wanted = losses.evaluate(x, labels, { classes });
    expect(losses.evaluate(logits, integers)).toEqual(wanted);
    expect(losses.evaluate(logits, integers, { topK: [1] }).accuracy).toBe(wanted.accuracy);
    const evaluator = losses.evaluator({ classes });
    evaluator.add(logits, integers);
    expect(evaluator.result()).toEqual(wanted);
    for (const of of [losses.regressionEvaluator(), regressionEvaluator()]) {
      of.add(logits, targets);
      const plain = losses.regressionEvaluator();
      plain.add(x, t);
      expect(of.state()).toEqual(plain.state());
    }
  });

  test.each(names)("in %s and its gradient", (name) => {
    // what every loss takes: predictions from 0 to 1, targets of 1
    const [own, ones] = [x.map((v) => 1 / (2 + v * v)), new Float32Array(x.length).fill(1)];
    const options = name === "gaussianNll" ? [{ variance: ones }] : [];
    for (const call of [name, `${name}WithGrad`]) {
      const wanted = calls[call](own, ones, ...options);
      expect(calls[call](floats(own), floats(ones), ...options)).toEqual(wanted);
      expect(calls[call](own, floats(ones), ...options)).toEqual(wanted);
    }
  });

  test("two shapes, or classes that are none of the tensor", () => {
    const turned = floats(t, [positions, batch, classes]);
    expect(() => losses.mse(logits, turned)).toThrow(
      new RangeError("mse: targets has shape [3, 2, 5], but predictions has [2, 3, 5]"),
    );
    expect(() => losses.klDivergence(logits, turned)).toThrow(
      "targets has shape [3, 2, 5], but predictions has [2, 3, 5]",
    );
    expect(() => losses.crossEntropy(logits, turned)).toThrow(
      "probabilities has shape [3, 2, 5], but logits has [2, 3, 5]",
    );
    const flat = floats(x, [positions, batch, classes]);
    expect(() => losses.crossEntropy(flat, integers)).toThrow("labels has shape [2, 3], but logits has [3, 2, 5]");
    expect(() => losses.evaluate(flat, integers)).toThrow(
      "evaluate: labels has shape [2, 3], but logits has [3, 2, 5]",
    );
    const wrong = new RangeError("softmax: classes is 3, but logits has shape [2, 3, 5]");
    expect(() => losses.softmax(logits, { classes: 3 })).toThrow(wrong);
    expect(() => losses.evaluator({ classes: 3 }).add(logits, integers)).toThrow(
      "add: classes is 3, but logits has shape",
    );
    expect(() => losses.softmax(floats(x.slice(0, 1), []))).toThrow(
      "softmax: logits has shape [], but rows of classes",
    );
    // one list, or a column, of all rows
    expect(losses.crossEntropy(logits, { data: labels, dims: [rows] })).toBe(losses.crossEntropy(logits, integers));
    expect(losses.crossEntropy(logits, { data: labels, dims: [2, 3, 1] })).toBe(losses.crossEntropy(logits, integers));
    expect(losses.softmax(floats(x.slice(0, 0), [0, classes]))).toEqual(new Float32Array(0));
  });
});

describe("half precision, by its type", () => {
  const wanted = losses.crossEntropy(float16(bits), labels, { classes });
  const tensor = { data: bits, dims: shape, type: "float16" };

  test("as bits", () => {
    expect(losses.crossEntropy(tensor, labels)).toBe(wanted);
    expect(losses.crossEntropy({ data: bits, shape, dtype: "float16" }, labels)).toBe(wanted);
    expect(losses.crossEntropyWithGrad(tensor, labels).grad).toBeInstanceOf(Float32Array);
    expect(losses.crossEntropy({ ...tensor, type: "bfloat16" }, labels)).not.toBe(wanted);
    expect(losses.mse(tensor, { ...tensor, data: bits.slice() })).toBe(0);
  });

  test("integers are none", () => {
    expect(() => losses.softmax({ ...tensor, type: "uint16" })).toThrow(
      "softmax: logits must be a Float32Array, a Float64Array or a half-precision array, but is a tensor of a Uint16Array",
    );
    expect(() => losses.softmax(new Tensor("string", ["a", "b"], [1, 2]))).toThrow("but is a tensor of an Array");
    expect(() => losses.crossEntropy(x, { data: ["a"], dims: [1] }, { classes })).toThrow(
      "labels[0] must be an integer, but is a string",
    );
  });
});

describe("strides", () => {
  test("of C order only, where there is more than one element", () => {
    const turned = ndarray(x, [batch, positions, classes]).transpose(1, 0, 2);
    expect(() => losses.softmax(turned)).toThrow(
      new TypeError("softmax: logits is a tensor of strides [5, 15, 1], but must be in C order: [10, 5, 1]"),
    );
    expect(() => losses.softmax(ndarray(x, shape).step(1, 1, -1))).toThrow("must be in C order");
    // sizes of 1 have any stride
    const one = { data: x.slice(0, 5), shape: [1, 5], strides: [99, 1] };
    expect(losses.softmax(one)).toEqual(losses.softmax(x.slice(0, 5), { classes }));
  });

  test("rows from within", () => {
    const part = ndarray(x, [rows, classes]).lo(2).hi(3);
    expect(losses.softmax(part)).toEqual(losses.softmax(x.slice(2 * classes, 5 * classes), { classes }));
  });

  test("elements that are missing", () => {
    expect(() => losses.softmax({ data: x.slice(1), dims: shape })).toThrow(
      "softmax: logits is a tensor of shape [2, 3, 5], but has 29 elements",
    );
    expect(() => losses.softmax({ data: x, shape, stride: [15, 5, 1], offset: 3 })).toThrow("but has 27 elements");
  });
});

test("data elsewhere than on the CPU: what to await", () => {
  const gpu = Tensor.fromGpuBuffer({} as never, { dataType: "float32", dims: shape, download: async () => x });
  expect(() => losses.softmax(gpu)).toThrow(
    new TypeError("softmax: logits is a tensor on gpu-buffer: await its getData() first"),
  );
  const gone = new Tensor("float32", x, shape);
  gone.dispose();
  expect(() => losses.softmax(gone)).toThrow("softmax: logits is a tensor that was disposed");
  const failing = Object.assign(new SyncTensor(x, shape), {
    dataSync() {
      throw new Error("not on this backend");
    },
  });
  expect(() => losses.softmax(failing)).toThrow(
    "softmax: logits is a tensor without data here (not on this backend): await its data() first",
  );
  expect(() => losses.mse(x, { data: () => Promise.resolve(x), shape: [30] })).toThrow(
    "mse: targets is a tensor without dataSync(): await its data() first",
  );
  expect(() => losses.mse({ data: Promise.resolve(x), shape: [30] }, x)).toThrow(
    "mse: predictions is a tensor whose data is a promise: await it first",
  );
});

test("after getData() it is on the CPU", async () => {
  const gpu = Tensor.fromGpuBuffer({} as never, { dataType: "float32", dims: shape, download: async () => x });
  await gpu.getData();
  expect(losses.softmax(gpu)).toEqual(losses.softmax(x, { classes }));
});
