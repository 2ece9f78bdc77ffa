// A model of the ONNX format, byte by byte: protobuf of onnx.proto (its field numbers stand beside the names).

type Field = readonly [number: number, value: number | string | Uint8Array];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** Integers as varints, all else by its length. */
function message(...fields: Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === "number") return Uint8Array.from([...varint(number * 8), ...varint(value)]);
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return Buffer.concat([Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
  });
  return Buffer.concat(parts);
}

/** Of TensorProto.DataType. */
const FLOAT = 1;
const FLOAT16 = 10;
/** Of AttributeProto.AttributeType. */
const INT = 2;

/** A ValueInfoProto: name 1, type 2; tensor_type 1; elem_type 1, shape 2; dim 1; dim_value 1. */
function value(name: string, type: number, shape: readonly number[]): Uint8Array {
  const dims = shape.map((n): Field => [1, message([1, n])]);
  return message([1, name], [2, message([1, message([1, type], [2, message(...dims)])])]);
}

/** A NodeProto: input 1, output 2, op_type 4, attribute 5; an AttributeProto: name 1, i 3, type 20. */
function node(operator: string, inputs: readonly string[], output: string, attributes: Record<string, number> = {}) {
  const named = Object.entries(attributes).map(([name, i]): Field => [5, message([1, name], [3, i], [20, INT])]);
  return message(...inputs.map((it): Field => [1, it]), [2, output], [4, operator], ...named);
}

/**
 * A model with the input `input` and the output `logits` = input x weights, in float32 or cast to float16.
 *
 * @param shape of the input, whose last dimension is `features`
 * @param weights [features, classes]
 */
export function linearModel(shape: readonly number[], weights: Float32Array, isHalf: boolean): Uint8Array {
  const features = shape[shape.length - 1];
  const classes = weights.length / features;
  const raw = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  // a TensorProto: dims 1, data_type 2, name 8, raw_data 9
  const initializer = message([1, features], [1, classes], [2, FLOAT], [8, "weights"], [9, raw]);
  const product = node("MatMul", ["input", "weights"], isHalf ? "wide" : "logits");
  const cast = node("Cast", ["wide"], "logits", { to: FLOAT16 });
  // a GraphProto: node 1, name 2, initializer 5, input 11, output 12
  const graph = message(
    [1, product],
    ...(isHalf ? [[1, cast] as const] : []),
    [2, "linear"],
    [5, initializer],
    [11, value("input", FLOAT, shape)],
    [12, value("logits", isHalf ? FLOAT16 : FLOAT, [...shape.slice(0, -1), classes])],
  );
  // a ModelProto: ir_version 1, graph 7, opset_import 8 (version 2)
  return message([1, 8], [7, graph], [8, message([2, 18])]);
}
