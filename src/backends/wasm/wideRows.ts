import type { Kernel } from "../../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { type Dtype, type FloatArray, HalfBits } from "../../dtype.ts";
import { widenBfloat16, widenFloat16 } from "../../generated/kernels.ts";
import { createMemory } from "../../module/load.ts";
import type { Argument, Arguments, Backend, Reduce, Run } from "../backend.ts";
import { arrayFor, type Data, elementsPerUnit, isOfClasses, type Slot, slotsOf } from "../slots.ts";
import { createWasmBackend } from "./wasmBackend.ts";

/** Views of the arena take whole lines. */
const OVERHEAD = 64;

/** Rows that don't fit the windows of an engine's own memory: one after the other, in a memory as large as they need. */
export function createWideBackend(module: WebAssembly.Module, shared = false): Run {
  let rows: Backend | undefined;
  let room = 0;

  function backendFor(kernel: Kernel, bytes: number): Backend {
    if (rows !== undefined && bytes <= room) return rows;
    const { memory, arenaBytes } = createMemory(bytes, 0, shared);
    if (arenaBytes < bytes) {
      throw new RangeError(`${kernel.name}: a row takes ${bytes} bytes, but the platform gives less`);
    }
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    // nothing is wider: what has the size of a row is in the arena
    rows = createWasmBackend(exports as Exports, memory, bytes, () => {});
    room = bytes;
    return rows;
  }

  return (kernel, dtype, units, args, elements = 0, reduce?) => {
    const arrays = slotsOf(kernel, dtype).flatMap((slot) => {
      const array = slot.isArray ? arrayFor(kernel, slot, args[slot.name], reduce !== undefined) : null;
      return array === null ? [] : [{ slot, array }];
    });
    const wide = arrays.filter(({ slot }) => slot.whole || isOfClasses(slot));
    const lengthOf = ({ slot, array }: Wide) => (slot.whole ? array.length : elementsPerUnit(slot, args));
    const bytes = wide.reduce((sum, it) => sum + lengthOf(it) * it.slot.bytes + OVERHEAD, 0);
    const backend = backendFor(kernel, bytes);
    const views = wide.map((it) => ({ ...it, view: viewOf(backend, dtype, lengthOf(it)) }));
    try {
      for (const { slot, array, view } of views) if (slot.whole) put(backend, array, view);
      for (let unit = 0; unit < units; unit++) {
        const given: Record<string, Argument> = { ...args };
        for (const { slot, array } of arrays) if (!slot.whole) given[slot.name] = rowOf(slot, array, args, unit);
        for (const { slot, view } of views) {
          if (slot.role === "in" && !slot.whole) put(backend, given[slot.name] as Data, view);
        }
        const resident: Arguments = {
          ...given,
          ...Object.fromEntries(views.map(({ slot, view }) => [slot.name, view])),
        };
        const reduceRow: Reduce | undefined = reduce && ((partials, n) => reduce(partials, n, unit));
        backend.run(kernel as Kernel<Arguments>, dtype, 1, resident, elements, reduceRow);
        for (const { slot, view } of views) if (slot.role === "out") (given[slot.name] as FloatArray).set(view);
      }
    } finally {
      for (const { view } of views) backend.arena.free(view);
    }
  };
}

type Exports = Parameters<typeof createWasmBackend>[0];

interface Wide {
  readonly slot: Slot;
  readonly array: Data;
}

function viewOf({ arena }: Backend, dtype: Dtype, length: number): FloatArray {
  return dtype === "f32" ? arena.alloc(Float32Array, length) : arena.alloc(Float64Array, length);
}

function rowOf(slot: Slot, array: Data, args: Arguments, unit: number): Data {
  const n = elementsPerUnit(slot, args);
  return array.subarray(unit * n, (unit + 1) * n);
}

function put(backend: Backend, values: Data, view: FloatArray): void {
  if (!(values instanceof HalfBits)) {
    view.set(values as FloatArray);
    return;
  }
  const widen = values.format === "f16" ? widenFloat16 : widenBfloat16;
  const blocks = Math.ceil(values.length / BLOCK_ELEMENTS);
  backend.run(widen, "f32", blocks, { bits: values.bits, out: view as Float32Array }, values.length);
}
