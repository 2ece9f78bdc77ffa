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
  expect(error, `${name} has to throw: ${parts.join(", ")}`).toBeInstanceOf(kind);
  const { message } = error as Error;
  expect(message.startsWith(`${name}: `), message).toBe(true);
  expect(message).not.toContain("\n");
  const numbers: string[] = message.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? [];
  for (const part of parts) {
    if (typeof part === "number" && Number.isFinite(part)) expect(numbers, message).toContain(String(part));
    else if (typeof part === "bigint") expect(numbers, message).toContain(String(part));
    else if (part instanceof RegExp) expect(message).toMatch(part);
    else expect(message).toContain(String(part));
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
