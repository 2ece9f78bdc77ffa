import type { Kernel } from "../../descriptions/kernel.ts";
import type { Dtype } from "../../dtype.ts";
import { SHARED_PARTIAL_UNITS } from "../../memory/map.ts";
import { partialsOf, partialUnits, type Slot, slotsOf } from "../slots.ts";

/** The functions of the module. */
export type Exports = Readonly<Record<string, (...parameters: number[]) => void>>;

/** What every call of a kernel in a dtype has in common: worked out at the first one. */
export interface Plan {
  readonly kernel: Kernel;
  readonly dtype: Dtype;
  /** The WebAssembly function, and its name. */
  readonly f: Exports[string];
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly arrays: readonly Slot[];
  /** Where the count and the scratch stand in a call; -1 where it has none. */
  readonly countAt: number;
  readonly scratchAt: number;
  /** Partial results a unit; units a launch, lest they outgrow their place, on one thread and on several. */
  readonly partials: number;
  readonly partialUnits: number;
  readonly sharedPartialUnits: number;
}

/** Plans of a module's functions, each made when it is first asked for. */
export function createPlans(exports: Exports): (kernel: Kernel, dtype: Dtype) => Plan {
  const plans = { f32: new Map<Kernel, Plan>(), f64: new Map<Kernel, Plan>() };
  let last: Plan | undefined;

  function make(kernel: Kernel, dtype: Dtype): Plan {
    const name = kernel.dtypes ? `${kernel.name}_${dtype}` : kernel.name;
    const slots = slotsOf(kernel, dtype);
    return {
      kernel,
      dtype,
      f: exports[name],
      name,
      slots,
      arrays: slots.filter(({ isArray }) => isArray),
      countAt: slots.findIndex(({ role }) => role === "count"),
      scratchAt: slots.findIndex(({ role }) => role === "scratch"),
      partials: partialsOf(kernel),
      partialUnits: partialUnits(kernel),
      sharedPartialUnits: partialUnits(kernel, SHARED_PARTIAL_UNITS),
    };
  }

  return (kernel, dtype) => {
    // a program calls the same loss again and again
    if (last !== undefined && last.kernel === kernel && last.dtype === dtype) return last;
    const known = dtype === "f32" ? plans.f32 : plans.f64;
    last = known.get(kernel) ?? make(kernel, dtype);
    known.set(kernel, last);
    return last;
  };
}
