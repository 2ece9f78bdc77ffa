import { bytesOf, type Dtype, type FloatArray, HalfBits, type LabelArray } from "../dtype.ts";
import { BLOCK_ELEMENTS } from "../kernels/constants.ts";
import type { Kernel, Parameter } from "../kernels/kernel.ts";
import { Arena } from "../memory/arena.ts";
import { copyLabels } from "../memory/labels.ts";
import {
  ARENA,
  ARENA_OVERHEAD,
  BINS,
  BINS_BYTES,
  PARTIAL_UNITS,
  PARTIALS,
  SCRATCH,
  WINDOWS,
  WINDOWS_BYTES,
  writeConstants,
} from "../memory/map.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import type { Arguments, Backend, Reduce } from "./backend.ts";
import { elementsPerUnit, partialUnits } from "./js.ts";

type Exports = Readonly<Record<string, (...parameters: number[]) => void>>;

/** Bytes that the windows of one launch should take together: within the second-level cache. */
const LAUNCH_BYTES = 512 * 1024;
/** Windows start at a cache line, and at different places of a page: at the same place copying took twice as long. */
const LINE = 64;
const STAGGER = 704;

/** An array on its way through a window. */
interface Staged {
  readonly parameter: Parameter;
  readonly array: FloatArray | HalfBits | LabelArray;
  readonly elements: number;
  readonly bytes: number;
  address: number;
}

function bytesPerElement(parameter: Parameter, dtype: Dtype): number {
  if (parameter.type === "u16") return 2;
  return parameter.type === "float" ? bytesOf(dtype) : parameter.type === "f64" ? 8 : 4;
}

/** The WebAssembly functions over one memory of fixed size. `wide` runs what does not fit the windows. */
export function createWasmBackend(
  exports: Exports,
  memory: WebAssembly.Memory,
  arenaBytes: number,
  wide: Backend,
): Backend {
  const { buffer } = memory;
  writeConstants(buffer);
  const arena = new Arena(buffer, ARENA, arenaBytes, ARENA_OVERHEAD);
  const partials = new Float64Array(buffer, PARTIALS, PARTIAL_UNITS);
  const sum = new ExactSum(new Float64Array(buffer, BINS, BINS_BYTES / 8));
  const addToBins = (begin: number, end: number) => exports.addExactly(begin, end, PARTIALS, BINS);

  /** Whether a kernel can work on the array where it is. */
  function isResident(
    parameter: Parameter,
    array: FloatArray | HalfBits | LabelArray,
  ): array is FloatArray | LabelArray {
    return (
      !(array instanceof HalfBits) &&
      array.buffer === buffer &&
      (parameter.type !== "i32" || array instanceof Int32Array)
    );
  }

  /** A window's contents: elements [from, from + n) of the array. */
  function window(
    { parameter, array, address }: Staged,
    dtype: Dtype,
    n: number,
  ): FloatArray | Int32Array | Uint16Array {
    if (parameter.type === "u16") return new Uint16Array(buffer, address, n);
    if (parameter.type === "i32") return new Int32Array(buffer, address, n);
    return bytesPerElement(parameter, dtype) === 4 && !(array instanceof Float64Array)
      ? new Float32Array(buffer, address, n)
      : new Float64Array(buffer, address, n);
  }

  /** Copies half-precision bits into the upper half of their window, and widens them from there. */
  function widen({ bits, format, length }: HalfBits, address: number): void {
    const from = address + 2 * length;
    new Uint16Array(buffer, from, length).set(bits);
    const f = format === "f16" ? exports.widenFloat16 : exports.widenBfloat16;
    f(0, Math.ceil(length / BLOCK_ELEMENTS), from, address, length);
  }

  function copyIn(staged: Staged, dtype: Dtype, from: number, n: number, ignoreIndex: number): void {
    const to = window(staged, dtype, n);
    if (staged.array instanceof HalfBits) widen(staged.array.subarray(from, from + n), staged.address);
    else if (to instanceof Int32Array) copyLabels(staged.array as LabelArray, from, n, to, ignoreIndex);
    else to.set((staged.array as FloatArray).subarray(from, from + n));
  }

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    const staged: Staged[] = [];
    let bytesAUnit = 0;
    let bytesACall = 0;
    for (const parameter of kernel.parameters) {
      const array = args[parameter.name];
      if (parameter.role === "scalar" || array === null || array === undefined || typeof array === "number") continue;
      if (isResident(parameter, array)) continue;
      const whole = parameter.per === "call";
      const elementsAUnit = whole ? array.length : elementsPerUnit(parameter, args);
      const bytes = elementsAUnit * bytesPerElement(parameter, dtype);
      staged.push({ parameter, array, elements: elementsAUnit, bytes, address: 0 });
      if (whole) bytesACall += bytes + LINE + STAGGER;
      else bytesAUnit += bytes;
    }
    const room = WINDOWS_BYTES - bytesACall - staged.length * (LINE + STAGGER);
    if (bytesAUnit > room) {
      wide.run(kernel, dtype, units, args, elements, reduce);
      return;
    }
    const fitting = bytesAUnit === 0 ? units : Math.max(1, Math.floor(Math.min(LAUNCH_BYTES, room) / bytesAUnit));
    const launch = Math.min(units, reduce ? Math.min(fitting, partialUnits(kernel)) : fitting);

    let address = WINDOWS;
    for (const s of staged) {
      s.address = address;
      const bytes = s.parameter.per === "call" ? s.bytes : s.bytes * launch;
      address = (Math.ceil((address + bytes) / LINE) + 1) * LINE + STAGGER;
      if (s.parameter.per === "call" && s.parameter.role === "in") copyIn(s, dtype, 0, s.array.length, 0);
    }

    const f = exports[kernel.dtypes ? `${kernel.name}_${dtype}` : kernel.name];
    for (let first = 0; first < units; first += launch) {
      const n = Math.min(launch, units - first);
      const elementsOf = (s: Staged) => Math.min(n * s.elements, s.array.length - first * s.elements);
      for (const s of staged) {
        if (s.parameter.role === "in" && s.parameter.per !== "call") {
          copyIn(s, dtype, first * s.elements, elementsOf(s), args.ignoreIndex as number);
        }
      }
      let next = 0;
      const numbers = kernel.parameters.map((parameter) => {
        const value = args[parameter.name];
        if (parameter.role === "scratch") return SCRATCH;
        if (parameter.role === "count") return Math.min(n * BLOCK_ELEMENTS, elements - first * BLOCK_ELEMENTS);
        if (parameter.role === "partials" && value === undefined) return PARTIALS;
        if (value === null || value === undefined) return 0;
        if (typeof value === "number") return value;
        if (staged[next]?.parameter === parameter) return staged[next++].address;
        return (
          (value as FloatArray).byteOffset +
          (parameter.per === "call" ? 0 : first) *
            elementsPerUnit(parameter, args) *
            (value as FloatArray).BYTES_PER_ELEMENT
        );
      });
      f(0, n, ...numbers);
      for (const s of staged) {
        if (s.parameter.role === "in") continue;
        const view = window(s, dtype, elementsOf(s)) as FloatArray;
        (s.array as FloatArray).set(view, first * s.elements);
      }
      reduce?.(partials, n, first);
    }
  }

  return {
    name: "wasm",
    arena,
    run,
    exactSum() {
      sum.clear();
      return sum;
    },
    addExactly: (to, values, n) => to.addWith(values, 0, n, addToBins),
  };
}
