import type { Kernel } from "../../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { type Dtype, type FloatArray, HalfBits, type IntegerArray } from "../../dtype.ts";
import type { FunctionLoops, KernelLoops } from "../../generated/loopTypes.ts";
import { widenBfloat16, widenFloat16 } from "../../kernels/widenLoops.ts";
import { Arena } from "../../memory/arena.ts";
import { copyLabels } from "../../memory/copyLabels.ts";
import { ARENA_OVERHEAD, PARTIAL_UNITS, WORKSPACE_BYTES } from "../../memory/map.ts";
import { ExactSum } from "../../numeric/exactSum.ts";
import { LOOPS } from "../../numeric/loops.ts";
import type { Arguments, Backend, Reduce } from "../backend.ts";
import { arrayFor, type Data, elementsPerUnit, partialUnits, type Slot, slotsOf } from "../slots.ts";

type Loop = (begin: number, end: number, ...parameters: unknown[]) => void;

/** Elements of half-precision rows widened at once: 1 MiB of float32. */
const WIDENED_ELEMENTS = 2 ** 18;

/** JavaScript loops by the names of their kernels, on the caller's own arrays; `scratch` is their working memory. */
export function createJsBackend(
  loops: Partial<KernelLoops & FunctionLoops>,
  scratch: object,
  arenaBytes: number,
): Backend {
  // by name, as a call is put together from the list of parameters
  const loopOf = new Map<string, unknown>(Object.entries(loops)) as ReadonlyMap<string, Loop>;
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

  /** What a loop gets of an array for the launch of units [first, first + units). */
  function launched(slot: Slot, array: Data, args: Arguments, first: number, units: number): FloatArray | IntegerArray {
    if (slot.type === "i32" && !(array instanceof Int32Array)) {
      copyLabels(array as IntegerArray, first, units, labels, args.ignoreIndex as number);
      return labels;
    }
    if (array instanceof HalfBits) {
      const n = elementsPerUnit(slot, args);
      return widen(slot.name, array.subarray(first * n, (first + units) * n));
    }
    return first === 0 || slot.whole ? array : array.subarray(first * elementsPerUnit(slot, args));
  }

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    const loop = loopOf.get(kernel.name)!;
    const slots = slotsOf(kernel, dtype);
    const arrays = slots.map((slot) =>
      slot.isArray ? arrayFor(kernel, slot, args[slot.name], reduce !== undefined) : null,
    );
    const half = slots.find(({ position }) => arrays[position] instanceof HalfBits);
    const fitting = half ? Math.max(1, Math.floor(WIDENED_ELEMENTS / elementsPerUnit(half, args))) : units;
    const launch = Math.min(partialUnits(kernel), fitting);
    for (let first = 0; first < units; first += launch) {
      const n = Math.min(launch, units - first);
      const value = (slot: Slot) => {
        if (slot.role === "scratch") return scratch;
        if (slot.role === "count") return Math.min(n * BLOCK_ELEMENTS, elements - first * BLOCK_ELEMENTS);
        if (slot.role === "scalar") return args[slot.name];
        if (slot.role === "partials" && reduce !== undefined) return partials;
        const array = arrays[slot.position];
        return array === null ? null : launched(slot, array, args, first, n);
      };
      loop(0, n, ...slots.map(value));
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
