import type { FloatArray } from "../../test/inputs.ts";
import type { Inputs, Operation, Other } from "../operations/operation.ts";
import { compiledModule } from "./compile.ts";
import { GAP, PAGE, Placement } from "./llvm.ts";

type Loop = (p: number, g: number, n: number, m: number, v: number) => void;

/** Adds gradients to parameters by way of as many moments: the first call gives their sum. */
function bare(module: WebAssembly.Module, moments: number): Operation {
  return {
    name: "bare",
    family: "elements",
    kernels: [],
    inputs() {
      throw new Error("bare works on an optimizer's inputs");
    },
    call(_losses, { values, targets }) {
      const pages = 2 + Math.ceil((4 * (values.byteLength + GAP)) / PAGE);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const placement = new Placement(memory, (exports.__heap_base as WebAssembly.Global).value);
      const parameters = placement.place(values);
      const [g, m, v] = [targets!, values.slice().fill(0), values.slice().fill(0)].map(
        (array) => placement.place(array as FloatArray).byteOffset,
      );
      const loop = exports[`bare${2 + moments}`] as Loop;
      return () => {
        loop(parameters.byteOffset, g, values.length, m, v);
        return parameters;
      };
    },
    plain() {
      throw new Error("bare is compared with, and has no plain loop");
    },
    wanted({ values, targets }) {
      const sums = Array.from(values, (p, i) => p + targets![i]);
      return [{ values: sums, scale: sums.map((_, i) => Math.abs(values[i]) + Math.abs(targets![i])) }];
    },
  };
}

/** What a step of an optimizer with as many moments is compared with; of float32, in whole turns of two vectors. */
export function bareOther(inputs: Inputs, moments: number): Other | undefined {
  const module = compiledModule("strict");
  if (!module || inputs.dtype !== "float32" || inputs.shape.rows % 8 !== 0) return undefined;
  return { name: "LLVM wasm, bare", operation: bare(module, moments), inputs };
}
