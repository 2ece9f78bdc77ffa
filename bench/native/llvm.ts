import type { FloatArray } from "../../test/inputs.ts";
import type { Candidate } from "../candidates.ts";
import type { Call, Inputs } from "../operations/operation.ts";
import { type Build, compiledModule } from "./compile.ts";

/** What the C exports: addresses and lengths. */
interface Exports {
  readonly __heap_base: WebAssembly.Global;
  mse(p: number, t: number, n: number): number;
  softmax(x: number, rows: number, classes: number, out: number): void;
  crossEntropy(x: number, labels: number, rows: number, classes: number): number;
  crossEntropyWithGrad(x: number, labels: number, rows: number, classes: number, grad: number): number;
}

export const PAGE = 65536;
/** Between arrays, so that no two start at the same place of a page. */
export const GAP = 1088;

/** Lays arrays out in a module's memory, one after the other. */
export class Placement {
  readonly #memory: WebAssembly.Memory;
  #end: number;

  constructor(memory: WebAssembly.Memory, begin: number) {
    this.#memory = memory;
    this.#end = begin;
  }

  place<A extends FloatArray | Int32Array>(array: A): A {
    const begin = (this.#end + 63) & -64;
    const type = array.constructor as new (buffer: ArrayBuffer, begin: number, length: number) => A;
    const view = new type(this.#memory.buffer, begin, array.length);
    view.set(array);
    this.#end = begin + view.byteLength + GAP;
    return view;
  }
}

function callOf(operation: string, exports: Exports, inputs: Inputs, placement: Placement): Call | undefined {
  const { rows, classes } = inputs.shape;
  const { mse, softmax, crossEntropy, crossEntropyWithGrad } = exports;
  if (!["mse", "softmax", "crossEntropy", "crossEntropyWithGrad"].includes(operation)) return undefined;
  const x = placement.place(inputs.values).byteOffset;
  const t = inputs.targets ? placement.place(inputs.targets).byteOffset : 0;
  if (operation === "mse") return () => mse(x, t, rows);
  if (operation === "crossEntropy") return () => crossEntropy(x, t, rows, classes);
  const out = placement.place(new Float32Array(rows * classes));
  if (operation === "crossEntropyWithGrad") {
    return () => ({ loss: crossEntropyWithGrad(x, t, rows, classes, out.byteOffset), grad: out });
  }
  return () => {
    softmax(x, rows, classes, out.byteOffset);
    return out;
  };
}

async function candidateOf(build: Build, operation: string, inputs: Inputs, other: boolean): Promise<Candidate[]> {
  const module = compiledModule(build);
  if (!module) return [];
  const pages = 2 + Math.ceil((2 * inputs.values.byteLength + (inputs.targets?.byteLength ?? 0) + 4 * GAP) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const exports = (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as Exports;
  const placement = new Placement(memory, exports.__heap_base.value);
  const call = callOf(other ? "mse" : operation, exports, inputs, placement);
  if (!call) return [];
  const name = `LLVM wasm${build === "strict" ? "" : " relaxed"}${other ? ", mse" : ""}`;
  return [{ name, input: "resident", own: false, other, call }];
}

/**
 * C by LLVM, strict and where the engine has it relaxed, in memory of its own. Of float32, as the peers. Where the operation is
 * compared with mse, it is C's mse.
 */
export async function llvmCandidates(operation: string, inputs: Inputs, withMse: boolean): Promise<Candidate[]> {
  if (inputs.dtype !== "float32") return [];
  const of = (build: Build) => candidateOf(build, operation, inputs, withMse);
  return [...(await of("strict")), ...(await of("relaxed"))];
}
