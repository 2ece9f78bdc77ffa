import { createRequire } from "node:module";

// Models of a few nodes, written with the compiled definition of the ONNX format.

/** Of TensorProto.DataType. */
const FLOAT = 1;
const INT64 = 7;
/** Of AttributeProto.AttributeType. */
const INT = 2;
const STRING = 3;

/** Operators of this version, in a file format that knows them. */
const OPERATORS = 18;
const FORMAT = 8;

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | string>>;
}

export interface Model {
  /** Its operators in order: what the table says of it. */
  readonly nodes: readonly Node[];
  /** Names and shapes; labels are int64, all others float32. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** float32 constants, each of one value, by shape. */
  readonly constants?: Readonly<Record<string, { shape: readonly number[]; value: number }>>;
}

function tensors(described: Model["inputs"]) {
  return Object.entries(described).map(([name, shape]) => ({
    name,
    type: {
      tensorType: { elemType: name === "labels" ? INT64 : FLOAT, shape: { dim: shape.map((n) => ({ dimValue: n })) } },
    },
  }));
}

function attribute([name, value]: [string, number | string]) {
  return typeof value === "number"
    ? { name, type: INT, i: value }
    : { name, type: STRING, s: new TextEncoder().encode(value) };
}

function constant([name, { shape, value }]: [string, { shape: readonly number[]; value: number }]) {
  const length = shape.reduce((product, n) => product * n, 1);
  return { name, dataType: FLOAT, dims: shape, floatData: new Array<number>(length).fill(value) };
}

/** The bytes of a model's file. */
export function encode({ nodes, inputs, outputs, constants = {} }: Model): Uint8Array {
  const { onnx } = createRequire(import.meta.url)("onnx-proto");
  const model = {
    irVersion: FORMAT,
    opsetImport: [{ domain: "", version: OPERATORS }],
    graph: {
      name: "loss",
      node: nodes.map((node) => ({
        opType: node.operator,
        input: node.inputs,
        output: [node.output],
        attribute: Object.entries(node.attributes ?? {}).map(attribute),
      })),
      input: tensors(inputs),
      output: tensors(outputs),
      initializer: Object.entries(constants).map(constant),
    },
  };
  return onnx.ModelProto.encode(model).finish();
}
