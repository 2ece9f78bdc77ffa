import { checkAttached, floatsOf, kindOf } from "../../check.ts";
import type { FloatArray, HalfBits } from "../../dtype.ts";

/** One array, or several in a list. */
export type OneOrSeveral<A> = A | readonly A[];

/** The name of an array in messages. */
export function nameOf(argument: string, index: number, isList: boolean): string {
  return isList ? `${argument}[${index}]` : argument;
}

/** What was given as one array or as a list, as a list of its own: reading it again may not give the same. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? Array.from(value) : [value];
}

/** Arrays that are written in place, of whatever realm, at least one. */
export function writtenArrays(name: string, argument: string, value: unknown): FloatArray[] {
  const isList = Array.isArray(value);
  const given = listOf(value);
  if (given.length === 0) throw new RangeError(`${name}: ${argument} has 0 arrays, but at least 1 is needed`);
  return given.map((each, i) => {
    const array = floatsOf(name, nameOf(argument, i, isList), each);
    checkHasElements(name, nameOf(argument, i, isList), array);
    return array;
  });
}

/** That an array without elements did not lose them. */
export function checkHasElements(name: string, argument: string, array: FloatArray | HalfBits): void {
  if (array.length === 0) checkAttached(name, argument, array);
}

/** That one array stands where one does, and as many in a list where there is one. */
export function checkAlike(
  name: string,
  argument: string,
  value: unknown,
  other: string,
  count: number,
  isList: boolean,
): void {
  if (Array.isArray(value) !== isList) {
    const [is, must] = isList
      ? [kindOf(value), "a list of arrays"]
      : [`a list of ${(value as unknown[]).length}`, "one array"];
    throw new TypeError(`${name}: ${argument} must be ${must} as ${other} are, but is ${is}`);
  }
  const length = isList ? (value as unknown[]).length : 1;
  if (length === count) return;
  throw new RangeError(`${name}: ${argument} has ${length} arrays, but ${other} has ${count}`);
}
