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
import type { Exports, Launcher } from "./launcher.ts";

/** Bytes that the windows of one launch should take together: within the second-level cache. */
const LAUNCH_BYTES = 512 * 1024;
/** Units that the windows of a shared launch should hold, so that there is something to share. */
const SHARED_UNITS = 4;
/** Windows start at a cache line, and at different places of a page: at the same place copying took twice as long. */
const LINE = 64;
const STAGGER = 704;

/** An array on its way through a window. */
interface Staged {
  readonly parameter: Parameter;
  readonly array: FloatArray | HalfBits | LabelArray;
  readonly elements: number;
  readonly bytes: number;
  /** Of its window; a shared call has two, so that one is filled while the other one is worked on. */
  readonly addresses: [number, number];
}

/** A launch: units [first, first + units) of the call, in one of the windows. */
interface Launch {
  readonly first: number;
  readonly units: number;
  readonly window: 0 | 1;
}

function bytesPerElement(parameter: Parameter, dtype: Dtype): number {
  if (parameter.type === "u16") return 2;
  return parameter.type === "float" ? bytesOf(dtype) : parameter.type === "f64" ? 8 : 4;
}

/**
 * The WebAssembly functions over one memory of fixed size. `wide` runs what does not fit the windows; `launcher`, where
 * given, shares launches out among threads.
 */
export function createWasmBackend(
  exports: Exports,
  memory: WebAssembly.Memory,
  arenaBytes: number,
  wide: Backend,
  launcher?: Launcher,
): Backend {
  const { buffer } = memory;
  writeConstants(buffer);
  const arena = new Arena(buffer, ARENA, arenaBytes, ARENA_OVERHEAD);
  const partials = [0, 1].map((i) => new Float64Array(buffer, PARTIALS + 8 * PARTIAL_UNITS * i, PARTIAL_UNITS));
  const sum = new ExactSum(new Float64Array(buffer, BINS, BINS_BYTES / 8));
  const addToBins = (begin: number, end: number, values: Float64Array) =>
    exports.addExactly(begin, end, values.byteOffset, BINS);

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
    { parameter, array }: Staged,
    address: number,
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

  function copyIn(staged: Staged, at: 0 | 1, dtype: Dtype, from: number, n: number, ignoreIndex: number): void {
    const to = window(staged, staged.addresses[at], dtype, n);
    if (staged.array instanceof HalfBits) widen(staged.array.subarray(from, from + n), staged.addresses[at]);
    else if (to instanceof Int32Array) copyLabels(staged.array as LabelArray, from, n, to, ignoreIndex);
    else to.set((staged.array as FloatArray).subarray(from, from + n));
  }

  function run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements = 0, reduce?: Reduce): void {
    const staged: Staged[] = [];
    let bytesAUnit = 0;
    let bytesACall = 0;
    let work = 0;
    for (const parameter of kernel.parameters) {
      const array = args[parameter.name];
      if (parameter.role === "scalar" || array === null || array === undefined || typeof array === "number") continue;
      work += array.length;
      if (isResident(parameter, array)) continue;
      const whole = parameter.per === "call";
      const elementsAUnit = whole ? array.length : elementsPerUnit(parameter, args);
      const bytes = elementsAUnit * bytesPerElement(parameter, dtype);
      staged.push({ parameter, array, elements: elementsAUnit, bytes, addresses: [0, 0] });
      if (whole) bytesACall += bytes + LINE + STAGGER;
      else bytesAUnit += bytes;
    }
    const room = WINDOWS_BYTES - bytesACall - staged.length * (LINE + STAGGER);
    if (bytesAUnit > room) {
      wide.run(kernel, dtype, units, args, elements, reduce);
      return;
    }
    const half = room / 2 - staged.length * (LINE + STAGGER);
    const threads = launcher !== undefined && bytesAUnit <= half && launcher.shares(kernel, work) ? launcher : null;
    const most = threads
      ? Math.min(half, Math.max(LAUNCH_BYTES, SHARED_UNITS * bytesAUnit))
      : Math.min(LAUNCH_BYTES, room);
    const fitting = bytesAUnit === 0 ? units : Math.max(1, Math.floor(most / bytesAUnit));
    const launch = Math.min(units, reduce ? Math.min(fitting, partialUnits(kernel)) : fitting);

    let address = WINDOWS;
    for (const s of staged) {
      const whole = s.parameter.per === "call";
      for (const at of [0, 1] as const) {
        if (at === 1 && (whole || !threads)) continue;
        s.addresses[at] = address;
        if (whole) s.addresses[1] = address;
        address = (Math.ceil((address + (whole ? s.bytes : s.bytes * launch)) / LINE) + 1) * LINE + STAGGER;
      }
      if (whole && s.parameter.role === "in") copyIn(s, 0, dtype, 0, s.array.length, 0);
    }

    const name = kernel.dtypes ? `${kernel.name}_${dtype}` : kernel.name;
    const elementsOf = (s: Staged, first: number, n: number) =>
      Math.min(n * s.elements, s.array.length - first * s.elements);

    /** Takes the results of a launch that is done. */
    function settle({ first, units: n, window: at }: Launch): void {
      for (const s of staged) {
        if (s.parameter.role === "in") continue;
        const view = window(s, s.addresses[at], dtype, elementsOf(s, first, n)) as FloatArray;
        (s.array as FloatArray).set(view, first * s.elements);
      }
      reduce?.(partials[at], n, first);
    }

    let last: Launch | undefined;
    for (let first = 0; first < units; first += launch) {
      const at = threads && last?.window === 0 ? 1 : 0;
      const n = Math.min(launch, units - first);
      for (const s of staged) {
        if (s.parameter.role === "in" && s.parameter.per !== "call") {
          copyIn(s, at, dtype, first * s.elements, elementsOf(s, first, n), args.ignoreIndex as number);
        }
      }
      let next = 0;
      const numbers = kernel.parameters.map((parameter) => {
        const value = args[parameter.name];
        if (parameter.role === "scratch") return SCRATCH;
        if (parameter.role === "count") return Math.min(n * BLOCK_ELEMENTS, elements - first * BLOCK_ELEMENTS);
        if (parameter.role === "partials" && value === undefined) return partials[at].byteOffset;
        if (value === null || value === undefined) return 0;
        if (typeof value === "number") return value;
        if (staged[next]?.parameter === parameter) return staged[next++].addresses[at];
        return (
          (value as FloatArray).byteOffset +
          (parameter.per === "call" ? 0 : first) *
            elementsPerUnit(parameter, args) *
            (value as FloatArray).BYTES_PER_ELEMENT
        );
      });
      const now: Launch = { first, units: n, window: at };
      if (threads) {
        threads.join();
        threads.start(kernel, name, n, (work / units) * n, numbers);
        if (last) settle(last);
        last = now;
      } else {
        exports[name](0, n, ...numbers);
        settle(now);
      }
    }
    if (last) {
      threads?.join();
      settle(last);
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
