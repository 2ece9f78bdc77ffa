import type { Kernel, Parameter } from "../../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { type ArrayType, bytesOf, type Dtype, type FloatArray, HalfBits, type LabelArray } from "../../dtype.ts";
import { widenBfloat16, widenFloat16 } from "../../generated/kernels.ts";
import { createMemory } from "../../module/load.ts";
import type { Argument, Arguments, Backend, Reduce, Run } from "../backend.ts";
import { elementsPerUnit } from "./plan.ts";
import { createWasmBackend } from "./wasmBackend.ts";

type Values = FloatArray | HalfBits | LabelArray;

/** Views of the arena take whole lines. */
const OVERHEAD = 64;

/** Rows that don't fit the windows of an engine's own memory: one after the other, in a memory as large as they need. */
export function createWideBackend(module: WebAssembly.Module, shared = false): Run {
  let rows: Backend | undefined;
  let room = 0;

  function backendFor(kernel: Kernel, bytes: number): Backend {
    if (rows !== undefined && bytes <= room) return rows;
    const { memory, arenaBytes } = createMemory(bytes, 0, shared);
    if (arenaBytes < bytes)
      throw new RangeError(`${kernel.name}: a row takes ${bytes} bytes, but the platform gives less`);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    // nothing is wider: what has the size of a row is in the arena
    const none = () => {};
    rows = createWasmBackend(exports as never, memory, bytes, none);
    room = bytes;
    return rows;
  }

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    const isWide = ({ name, per }: Parameter) => (per === "classes" || per === "call") && args[name] instanceof Object;
    const wide = kernel.parameters.filter(isWide);
    const lengthOf = ({ name, per }: Parameter) =>
      per === "call" ? (args[name] as Values).length : (args.classes as number);
    const bytes = wide.reduce((sum, parameter) => sum + lengthOf(parameter) * bytesOf(dtype) + OVERHEAD, 0);
    const backend = backendFor(kernel, bytes);
    const type = (dtype === "f32" ? Float32Array : Float64Array) as ArrayType<FloatArray>;
    const views = new Map(wide.map((parameter) => [parameter.name, backend.arena.alloc(type, lengthOf(parameter))]));
    const row = (parameter: Parameter, unit: number): Argument => {
      const value = args[parameter.name];
      if (!(value instanceof Object) || parameter.per === "call") return value;
      const n = elementsPerUnit(parameter, args);
      return (value as FloatArray).subarray(unit * n, (unit + 1) * n);
    };
    const put = ({ name }: Parameter, values: Values) => {
      const view = views.get(name)!;
      if (!(values instanceof HalfBits)) return view.set(values as FloatArray);
      const widen = values.format === "f16" ? widenFloat16 : widenBfloat16;
      const blocks = Math.ceil(values.length / BLOCK_ELEMENTS);
      backend.run(widen, "f32", blocks, { bits: values.bits, out: view as Float32Array }, values.length);
    };
    try {
      for (const parameter of wide) if (parameter.per === "call") put(parameter, args[parameter.name] as Values);
      for (let unit = 0; unit < units; unit++) {
        const given = Object.fromEntries(kernel.parameters.map((parameter) => [parameter.name, row(parameter, unit)]));
        for (const parameter of wide) {
          if (parameter.role === "in" && parameter.per === "classes") put(parameter, given[parameter.name] as Values);
        }
        const resident: Arguments = { ...args, ...given, ...Object.fromEntries(views) };
        backend.run(
          kernel as Kernel<Arguments>,
          dtype,
          1,
          resident,
          elements,
          reduce && ((partials, n) => reduce(partials, n, unit)),
        );
        for (const { name, role } of wide) if (role === "out") (given[name] as FloatArray).set(views.get(name)!);
      }
    } finally {
      for (const view of views.values()) backend.arena.free(view);
    }
  }

  return run;
}
