import type { Kernel, Parameter } from "../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { bytesOf, type Dtype, type FloatArray, type HalfBits, type IntegerArray } from "../dtype.ts";
import { PARTIAL_UNITS } from "../memory/map.ts";
import type { Argument } from "./backend.ts";

// How a kernel's parameters are read: where each stands in a call, and which array is given for it.

/** Stand for as many elements as a call has classes, and entries a row. */
const CLASSES = 0;
const ENTRIES = -1;

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
  /** Of an array: elements a unit, CLASSES or ENTRIES where a call says how many. */
  readonly unit: number;
  /** Bytes of an element. */
  readonly bytes: number;
}

/** An array that a call hands to a kernel. */
export type Data = FloatArray | HalfBits | IntegerArray;

function bytesPerElement(type: Parameter["type"], dtype: Dtype): number {
  if (type === "u16") return 2;
  return type === "float" ? bytesOf(dtype) : type === "f64" ? 8 : 4;
}

function slotOf(parameter: Parameter, position: number, dtype: Dtype): Slot {
  const { name, role, per, type, values = 1, optional = false } = parameter;
  const isArray = per !== undefined;
  return {
    name,
    role,
    type,
    position,
    isArray,
    whole: per === "call",
    optional,
    unit: per === "block" ? BLOCK_ELEMENTS : per === "classes" ? CLASSES : per === "entries" ? ENTRIES : values,
    bytes: isArray ? bytesPerElement(type, dtype) : 0,
  };
}

export function slotsOf({ parameters }: Kernel, dtype: Dtype): readonly Slot[] {
  return parameters.map((parameter, position) => slotOf(parameter, position, dtype));
}

/** Whether it is an array of rows. */
export const isOfClasses = ({ unit, isArray }: Slot): boolean => isArray && unit === CLASSES;

/** Elements a unit of an array that is not whole. */
export function elementsPerUnit({ unit }: Slot, args: { readonly [name in "classes" | "entries"]?: Argument }): number {
  return unit > 0 ? unit : ((unit === CLASSES ? args.classes : args.entries) as number);
}

/**
 * The array of a slot, of what was given for it, or null: an optional one that is absent, and partial results that are reduced
 * launch by launch, which have a place of their own.
 */
export function arrayFor(kernel: Kernel, slot: Slot, given: Argument, reduces: boolean): Data | null {
  if (reduces && slot.role === "partials") return null;
  if (typeof given === "object" && given !== null) return given;
  if (slot.optional) return null;
  throw new TypeError(`${kernel.name}: ${slot.name} is missing`);
}

/** Partial results a unit. */
export function partialsOf(kernel: Kernel): number {
  return kernel.parameters.find(({ role }) => role === "partials")?.values ?? 1;
}

/** Units a launch, lest its partial results outgrow their place. */
export function partialUnits(kernel: Kernel, place = PARTIAL_UNITS): number {
  return Math.floor(place / partialsOf(kernel));
}
