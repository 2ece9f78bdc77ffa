import { numberIn } from "./numbers.ts";

const INT32 = 2 ** 31;

/** What the labels of a table are, as numbers of classes; why not, as a text, of those that are none. */
export type LabelReader = (text: string) => number | string;

const BOOLEANS = new Map([
  ["true", 1],
  ["false", 0],
]);

const printed = (text: string) => JSON.stringify(text.slice(0, 40));

/**
 * Labels are names of classes where the columns of classes have some, else numbers; True and False are 1 and 0. Negative numbers
 * stay, as labels that are ignored.
 */
export function labelReader(classNames: readonly string[] | undefined): LabelReader {
  const places = new Map(classNames?.map((name, i) => [name, i]));
  const numbers = new Map(classNames?.map((name, i) => [numberIn(name) ?? Number.NaN, i]));
  const areNumbers = classNames?.every((name) => Number.isInteger(numberIn(name))) ?? false;
  return (text) => {
    const name = text.trim();
    const named = places.get(name);
    if (named !== undefined) return named;
    const value = numberIn(name) ?? BOOLEANS.get(name.toLowerCase());
    if (value === undefined) {
      if (name === "") return "is empty, but must be a label";
      return `is ${printed(name)}, which is no number${classNames ? " and no column of a class is called so" : ""}`;
    }
    if (!Number.isInteger(value)) return `is ${printed(name)}, but must be an integer`;
    if (value < -INT32 || value >= INT32) return `is ${printed(name)}, but must be an integer of 32 bits`;
    if (!areNumbers || value < 0) return value;
    return numbers.get(value) ?? `is ${printed(name)}, but no column of a class is called so`;
  };
}
