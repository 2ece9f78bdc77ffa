import type { Kernel, Parameter } from "../../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { type Dtype, type FloatArray, HalfBits, type LabelArray } from "../../dtype.ts";
import { KERNEL_LOOPS } from "../../kernels/loops.ts";
import { createScratch } from "../../kernels/scratch.ts";
import { widenBfloat16, widenFloat16 } from "../../kernels/widenLoops.ts";
import { Arena } from "../../memory/arena.ts";
import { copyLabels } from "../../memory/copyLabels.ts";
import { ARENA_OVERHEAD, PARTIAL_UNITS, WORKSPACE_BYTES } from "../../memory/map.ts";
import { ExactSum } from "../../numeric/exactSum.ts";
import { LOOPS } from "../../numeric/loops.ts";
import { type Arguments, type Backend, missing, type Reduce } from "../backend.ts";
import { elementsPerUnit, partialUnits } from "../wasm/plan.ts";

type Loop = (begin: number, end: number, ...parameters: unknown[]) => void;

/** By name, as a call is put together from the list of parameters. */
const LOOPS_BY_NAME = new Map(Object.entries(KERNEL_LOOPS)) as ReadonlyMap<string, unknown> as ReadonlyMap<
  string,
  Loop
>;

/** Elements of half-precision rows widened at once: 1 MiB of float32. */
const WIDENED_ELEMENTS = 2 ** 18;

/** The plain JavaScript loops, on the caller's own arrays. */
export function createJsBackend(arenaBytes: number): Backend {
  const scratch = createScratch();
  const partials = new Float64Array(PARTIAL_UNITS);
  const labels = new Int32Array(PARTIAL_UNITS);
  const sum = new ExactSum();
  let arena: Arena | undefined;
  let workspace: Float64Array | undefined;
  const widened = new Map<string, Float32Array>();

  /** Half-precision numbers as float32, until the next one of that name. */
  function widen(name: string, half: HalfBits): Float32Array {
    const { length } = half;
    let out = widened.get(name);
    if (out === undefined || out.length < length) {
      out = new Float32Array(length);
      widened.set(name, out);
    }
    const loop = half.format === "f16" ? widenFloat16 : widenBfloat16;
    loop(0, Math.ceil(length / BLOCK_ELEMENTS), half.bits, out, length);
    return out;
  }

  /** The argument of one parameter in the launch of units [first, first + units). */
  function argument(parameter: Parameter, args: Arguments, first: number, units: number, elements: number) {
    const value = args[parameter.name] ?? null;
    if (parameter.role === "scratch") return scratch;
    if (parameter.role === "count") return Math.min(units * BLOCK_ELEMENTS, elements - first * BLOCK_ELEMENTS);
    if (parameter.role === "scalar" || value === null || parameter.per === "call") return value;
    if (parameter.type === "i32" && !(value instanceof Int32Array)) {
      copyLabels(value as LabelArray, first, units, labels, args.ignoreIndex as number);
      return labels;
    }
    if (value instanceof HalfBits) {
      const n = elementsPerUnit(parameter, args);
      return widen(parameter.name, value.subarray(first * n, (first + units) * n));
    }
    const array = value as FloatArray;
    return first === 0 ? array : array.subarray(first * elementsPerUnit(parameter, args));
  }

  function run(kernel: Kernel, _dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    const { name, parameters } = kernel;
    const loop = LOOPS_BY_NAME.get(name)!;
    // what is reduced goes to one place, launch by launch
    const reduced = (parameter: Parameter) => reduce !== undefined && parameter.role === "partials";
    for (const parameter of parameters) {
      const { role, optional } = parameter;
      if (optional || role === "scalar" || role === "count" || role === "scratch" || reduced(parameter)) continue;
      if (args[parameter.name] === null || args[parameter.name] === undefined) throw missing(kernel, parameter.name);
    }
    const half = parameters.find((parameter) => args[parameter.name] instanceof HalfBits);
    const fitting = half ? Math.max(1, Math.floor(WIDENED_ELEMENTS / elementsPerUnit(half, args))) : units;
    const launch = Math.min(partialUnits(kernel), fitting);
    for (let first = 0; first < units; first += launch) {
      const n = Math.min(launch, units - first);
      const values = parameters.map((p) => (reduced(p) ? partials : argument(p, args, first, n, elements)));
      loop(0, n, ...values);
      reduce?.(partials, n, first);
    }
  }

  return {
    name: "js",
    get arena() {
      arena ??= new Arena(new ArrayBuffer(arenaBytes + ARENA_OVERHEAD), 0, arenaBytes, ARENA_OVERHEAD);
      return arena;
    },
    run,
    workspace() {
      workspace ??= new Float64Array(WORKSPACE_BYTES / 8);
      return workspace;
    },
    exactSum() {
      sum.clear();
      return sum;
    },
    addExactly: (to, values, n) => to.addAll(values, n, LOOPS),
  };
}
