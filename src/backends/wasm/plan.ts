import type { Kernel, Parameter } from "../../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { bytesOf, type Dtype } from "../../dtype.ts";
import { PARTIAL_UNITS, SHARED_PARTIAL_UNITS } from "../../memory/map.ts";
import type { Arguments } from "../backend.ts";

/** The functions of the module. */
export type Exports = Readonly<Record<string, (...parameters: number[]) => void>>;

/** A parameter, its place in the call, and its elements in bytes; all of one shape, so that reading one is one load. */
export interface Slot {
  readonly name: string;
  readonly role: Parameter["role"];
  readonly type: Parameter["type"];
  readonly position: number;
  readonly isArray: boolean;
  /** Of an array: it is as long as it is, whatever the units. */
  readonly whole: boolean;
  /** Of an array: a call may do without. */
  readonly optional: boolean;
  /** Of an array: elements a unit, 0 where they are the classes. */
  readonly unit: number;
  /** Bytes of an element. */
  readonly bytes: number;
}

/** What every call of a kernel in a dtype has in common: worked out at the first one. */
export interface Plan {
  readonly kernel: Kernel;
  readonly dtype: Dtype;
  /** The WebAssembly function, and its name. */
  readonly f: Exports[string];
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly arrays: readonly Slot[];
  /** Partial results a unit; units a launch, lest they outgrow their place, on one thread and on several. */
  readonly partials: number;
  readonly partialUnits: number;
  readonly sharedPartialUnits: number;
}

/** Elements a unit of an array parameter; 0 where they are the classes. */
function unitOf({ per, values }: Parameter): number {
  if (per === "block") return BLOCK_ELEMENTS;
  return per === "classes" ? 0 : (values ?? 1);
}

/** The same for a call with these arguments. */
export function elementsPerUnit(parameter: Parameter, args: Arguments): number {
  return unitOf(parameter) || (args.classes as number);
}

/** Partial results a unit. */
function partialsOf(kernel: Kernel): number {
  return kernel.parameters.find(({ role }) => role === "partials")?.values ?? 1;
}

/** Units a launch, lest its partial results outgrow their place. */
export function partialUnits(kernel: Kernel, place = PARTIAL_UNITS): number {
  return Math.floor(place / partialsOf(kernel));
}

function bytesPerElement(type: Parameter["type"], dtype: Dtype): number {
  if (type === "u16") return 2;
  return type === "float" ? bytesOf(dtype) : type === "f64" ? 8 : 4;
}

function slotOf(parameter: Parameter, position: number, dtype: Dtype): Slot {
  const { name, role, per, type, optional } = parameter;
  const isArray = role === "in" || role === "out" || role === "inout" || role === "partials";
  const bytes = isArray ? bytesPerElement(type, dtype) : 0;
  const whole = per === "call";
  return { name, role, type, position, isArray, whole, optional: optional === true, unit: unitOf(parameter), bytes };
}

/** Plans of a module's functions, each made when it is first asked for. */
export function createPlans(exports: Exports): (kernel: Kernel, dtype: Dtype) => Plan {
  const plans = { f32: new Map<Kernel, Plan>(), f64: new Map<Kernel, Plan>() };
  let last: Plan | undefined;

  function make(kernel: Kernel, dtype: Dtype): Plan {
    const name = kernel.dtypes ? `${kernel.name}_${dtype}` : kernel.name;
    const slots = kernel.parameters.map((parameter, position) => slotOf(parameter, position, dtype));
    const arrays = slots.filter(({ isArray }) => isArray);
    return {
      kernel,
      dtype,
      f: exports[name],
      name,
      slots,
      arrays,
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
