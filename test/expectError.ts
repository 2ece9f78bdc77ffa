import { expect } from "vitest";

type Kind = typeof TypeError | typeof RangeError;
/** Numbers have to stand in the message as they are; text and patterns somewhere in it. */
type Part = number | bigint | string | RegExp;

/** One line, `name: ...`, of that kind, with all of the parts. */
export function expectError(call: () => unknown, kind: Kind, name: string, ...parts: Part[]): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  // not by a matcher each: these are checked by ten thousands
  if (!(error instanceof kind)) expect.fail(`${name} has to throw ${kind.name}: ${parts.join(", ")}, but: ${error}`);
  const { message } = error;
  if (!message.startsWith(`${name}: `)) expect.fail(`has to begin with "${name}: ": ${message}`);
  if (message.includes("\n")) expect.fail(`more than a line: ${message}`);
  const numbers: string[] = message.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? [];
  for (const part of parts) {
    const isNumber = typeof part === "bigint" || (typeof part === "number" && Number.isFinite(part));
    const isThere = part instanceof RegExp ? part.test(message) : (isNumber ? numbers : message).includes(String(part));
    if (!isThere) expect.fail(`has to contain ${part}: ${message}`);
  }
}

/** Any value where the types allow only some. */
export const any = (value: unknown) => value as never;

/** A function of the library, whatever its types allow. */
export const untyped = (f: unknown) => f as (...values: unknown[]) => unknown;

/** What is no array of floats. */
export const notFloatArrays = [
  undefined,
  null,
  [1, 2],
  "1,2",
  7,
  new Int32Array(20),
  new Uint16Array(20),
  new ArrayBuffer(80),
];
