import { createRequire } from "node:module";
import type { FloatArray } from "../../test/inputs.ts";
import type { Candidate } from "../candidates.ts";
import type { Inputs, Result, Shape } from "../operations/operation.ts";
import type { Input } from "../results.ts";
import { encode, type Model, type Node } from "./onnx.ts";
import type { Peer, PeerDescription } from "./peer.ts";

type TensorData = FloatArray | BigInt64Array;

/** What is used of either package. */
interface Runtime {
  readonly Tensor: new (type: "float32" | "int64", data: TensorData, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{
      run(inputs: object): Promise<Readonly<Record<string, { readonly data: FloatArray }>>>;
    }>;
  };
}

function node(operator: string, inputs: string, output: string, attributes?: Node["attributes"]): Node {
  return { operator, inputs: inputs.split(" "), output, attributes };
}

// ---------------------------------------------------------------------------------------------------------- models

function squaredError({ rows }: Shape): Model[] {
  const shapes = { inputs: { values: [rows], targets: [rows] }, outputs: { loss: [] } };
  const difference = node("Sub", "values targets", "difference");
  return [
    {
      ...shapes,
      nodes: [
        difference,
        node("Mul", "difference difference", "squares"),
        node("ReduceMean", "squares", "loss", { keepdims: 0 }),
      ],
    },
    {
      ...shapes,
      nodes: [
        difference,
        node("ReduceSumSquare", "difference", "sum", { keepdims: 0 }),
        node("Mul", "sum scale", "loss"),
      ],
      constants: { scale: { shape: [], value: 1 / rows } },
    },
  ];
}

function softmax({ rows, classes }: Shape): Model[] {
  const shape = [rows, classes];
  const nodes = [node("Softmax", "values", "q", { axis: 1 })];
  return [{ nodes, inputs: { values: shape }, outputs: { q: shape } }];
}

/** The mean of -ln q of the labels. */
const meanOfLabels = [
  node("Softmax", "values", "q", { axis: 1 }),
  node("GatherElements", "q labels", "qOfLabels", { axis: 1 }),
  node("Log", "qOfLabels", "logs"),
  node("Neg", "logs", "losses"),
  node("ReduceMean", "losses", "loss", { keepdims: 0 }),
];

function crossEntropy({ rows, classes }: Shape): Model[] {
  const shapes = { inputs: { values: [rows, classes], labels: [rows, 1] }, outputs: { loss: [] } };
  return [
    { ...shapes, nodes: meanOfLabels },
    {
      ...shapes,
      nodes: [
        node("LogSoftmax", "values", "logs", { axis: 1 }),
        node("GatherElements", "logs labels", "logsOfLabels", { axis: 1 }),
        node("Neg", "logsOfLabels", "losses"),
        node("ReduceMean", "losses", "loss", { keepdims: 0 }),
      ],
    },
    {
      inputs: { values: [rows, classes], labels: [rows] },
      outputs: { loss: [] },
      nodes: [node("SoftmaxCrossEntropyLoss", "values labels", "loss", { reduction: "mean" })],
    },
  ];
}

function crossEntropyWithGrad({ rows, classes }: Shape): Model[] {
  return [
    {
      inputs: { values: [rows, classes], labels: [rows, 1] },
      outputs: { loss: [], grad: [rows, classes] },
      nodes: [
        ...meanOfLabels,
        node("Mul", "q scale", "scaled"),
        node("ScatterElements", "scaled labels updates", "grad", { axis: 1, reduction: "add" }),
      ],
      constants: { scale: { shape: [], value: 1 / rows }, updates: { shape: [rows, 1], value: -1 / rows } },
    },
  ];
}

const models: Readonly<Record<string, (shape: Shape) => Model[]>> = {
  mse: squaredError,
  softmax,
  crossEntropy,
  crossEntropyWithGrad,
};

// --------------------------------------------------------------------------------------------------------- running

async function candidateOf(
  { Tensor, InferenceSession }: Runtime,
  kind: { name: string; input: Input; options: object },
  model: Model,
  { values, targets }: Inputs,
): Promise<Candidate> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3, ...kind.options };
  const session = await InferenceSession.create(encode(model), options);
  const feeds = Object.fromEntries(
    Object.entries(model.inputs).map(([name, shape]) => {
      if (name === "labels") return [name, new Tensor("int64", BigInt64Array.from(targets!, BigInt), shape)];
      return [name, new Tensor("float32", name === "values" ? values : (targets as FloatArray), shape)];
    }),
  );
  return {
    name: kind.name,
    input: kind.input,
    own: false,
    composition: model.nodes.map(({ operator }) => operator).join(", "),
    asynchronous: true,
    async call(): Promise<Result> {
      const { loss, grad, q } = await session.run(feeds);
      if (loss === undefined) return q.data;
      return grad === undefined ? loss.data[0] : { loss: loss.data[0], grad: grad.data };
    },
  };
}

function peerOf(runtime: Runtime, kind: { name: string; input: Input; options: object }): Peer {
  return {
    candidates: (operation, inputs) =>
      Promise.all((models[operation]?.(inputs.shape) ?? []).map((model) => candidateOf(runtime, kind, model, inputs))),
  };
}

/** Copies tensors into its memory and out of it at each run. In Node.js it has one thread. */
export const onnxruntimeWeb: PeerDescription = {
  name: "onnxruntime-web",
  package: "onnxruntime-web",
  async load() {
    const runtime = await import("onnxruntime-web" as string);
    runtime.env.wasm.numThreads = 1;
    return peerOf(runtime, { name: this.name, input: "copied", options: { executionProviders: ["wasm"] } });
  },
};

/** Native code, on the arrays themselves. One thread, as all others here. */
export const onnxruntimeNode: PeerDescription = {
  name: "onnxruntime-node",
  package: "onnxruntime-node",
  async load() {
    const runtime: Runtime = createRequire(import.meta.url)("onnxruntime-node");
    return peerOf(runtime, { name: this.name, input: "ordinary", options: {} });
  },
};
