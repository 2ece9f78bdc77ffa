import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Candidate } from "../candidates.ts";
import type { Inputs, Result } from "../operations/operation.ts";
import type { Peer, PeerDescription } from "./peer.ts";
import { elementwise, type Tensor, type Tensorflow } from "./tfjsElementwise.ts";

/** What a composition gives; only what is looked at is copied out. */
interface Outputs {
  readonly loss?: Tensor;
  readonly array?: Tensor;
}

interface Composition {
  readonly says: string;
  run(tf: Tensorflow, tensors: Tensors): Outputs;
}

interface Tensors {
  readonly rows: number;
  readonly values: Tensor;
  /** Floats; for labels their one-hot rows. */
  readonly targets: Tensor;
  /** [rows, 2]: row and label. */
  readonly places: Tensor;
}

/** The softmax kernel is XNNPACK's; logSoftmax and logSumExp are put together from ten times slower ones. */
const compositions: Readonly<Record<string, readonly Composition[]>> = {
  ...elementwise,
  softmax: [{ says: "softmax", run: (tf, { values }) => ({ array: tf.softmax(values) }) }],
  crossEntropy: [
    {
      says: "softmax, gatherND, log, neg, mean",
      run: (tf, { values, places }) => ({ loss: tf.gatherND(tf.softmax(values), places).log().neg().mean() }),
    },
  ],
  crossEntropyWithGrad: [
    {
      says: "softmax, gatherND, log, neg, mean, sub, mul",
      run(tf, { values, places, targets, rows }) {
        const q = tf.softmax(values);
        const loss = tf.gatherND(q, places).log().neg().mean();
        return { loss, array: q.sub(targets).mul(1 / rows) };
      },
    },
    {
      says: "softmax, gatherND, log, neg, mean, mul, tensorScatterUpdate",
      run(tf, { values, places, rows }) {
        const q = tf.softmax(values);
        const ofLabels = tf.gatherND(q, places);
        const loss = ofLabels.log().neg().mean();
        const updates = ofLabels.sub(1).mul(1 / rows);
        return { loss, array: tf.tensorScatterUpdate(q.mul(1 / rows), places, updates) };
      },
    },
  ],
};

function shapeOf({ shape: { rows, classes } }: Inputs): number[] {
  return classes === 1 ? [rows] : [rows, classes];
}

/** Copies the inputs in. Labels become places and one-hot rows, as a program with a data set of its own would keep them. */
function tensorsOf(tf: Tensorflow, inputs: Inputs): Tensors {
  const { values, targets } = inputs;
  const { rows, classes } = inputs.shape;
  const shape = shapeOf(inputs);
  const labels = targets instanceof Int32Array ? targets : new Int32Array(0);
  const indices = new Int32Array(2 * labels.length);
  labels.forEach((label, i) => {
    indices[2 * i] = i;
    indices[2 * i + 1] = label;
  });
  return {
    rows,
    values: tf.tensor(values as Float32Array, shape, "float32"),
    targets:
      targets instanceof Float32Array
        ? tf.tensor(targets, shape, "float32")
        : tf.oneHot(tf.tensor(labels, [labels.length], "int32"), Math.max(classes, 2), 1, 0, "float32"),
    places: tf.tensor(indices, [labels.length, 2], "int32"),
  };
}

function resultOf({ loss, array }: Outputs): Result {
  if (!loss) return array!.dataSync();
  return array ? { loss: loss.dataSync()[0], grad: array.dataSync() } : loss.dataSync()[0];
}

/** Runs it and frees the tensors it made. (tidy looks for tensors in what it is given back, number by number.) */
function tidily(tf: Tensorflow, run: () => Result): Result {
  let result: Result = 0;
  tf.tidy(() => {
    result = run();
  });
  return result;
}

function candidatesOf(tf: Tensorflow, inputs: Inputs, { says, run }: Composition): Candidate[] {
  const tensors = tensorsOf(tf, inputs);
  const copyIn = () => ({
    ...tensors,
    values: tf.tensor(inputs.values as Float32Array, shapeOf(inputs), "float32"),
    ...(inputs.targets instanceof Float32Array && {
      targets: tf.tensor(inputs.targets, shapeOf(inputs), "float32"),
    }),
  });
  const common = { name: "tfjs-wasm", own: false, composition: says };
  return [
    {
      ...common,
      input: "resident",
      // the loss is looked at, an array stays where it is
      call: () => tidily(tf, () => run(tf, tensors).loss?.dataSync()[0] ?? 0),
      result: () => tidily(tf, () => resultOf(run(tf, tensors))),
    },
    { ...common, input: "copied", call: () => tidily(tf, () => resultOf(run(tf, copyIn()))) },
  ];
}

/** Its WebAssembly backend; in Node.js it has one thread. */
export const tfjs: PeerDescription = {
  name: "tfjs-wasm",
  package: "@tensorflow/tfjs-backend-wasm",
  async load(): Promise<Peer> {
    const require = createRequire(import.meta.url);
    const tf = require("@tensorflow/tfjs");
    const backend = require("@tensorflow/tfjs-backend-wasm");
    backend.setWasmPaths(fileURLToPath(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)));
    if (!(await tf.setBackend("wasm"))) throw new Error("its backend wasm does not start");
    return {
      async candidates(operation, inputs) {
        return (compositions[operation] ?? []).flatMap((composition) => candidatesOf(tf, inputs, composition));
      },
    };
  },
};
