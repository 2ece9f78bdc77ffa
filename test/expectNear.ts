import { expect } from "vitest";

/** Numbers of two objects of one shape: what `allowed` has no name of must be the same, NaN for NaN. */
export function expectNear(
  got: unknown,
  wanted: unknown,
  allowed: Readonly<Record<string, number>>,
  where: string,
): void {
  if (typeof wanted === "object" && wanted !== null) {
    for (const [key, value] of Object.entries(wanted)) {
      expectNear(
        (got as Record<string, unknown>)[key],
        value,
        allowed,
        Array.isArray(wanted) ? `${where}[${key}]` : `${where}.${key}`,
      );
    }
    return;
  }
  if (Object.is(got, wanted)) return;
  const [a, b] = [Number(got), Number(wanted)];
  const off = allowed[where.slice(where.lastIndexOf(".") + 1).replace(/\[\d+\]$/, "")] ?? 0;
  if (!(Math.abs(a - b) <= off)) expect.fail(`${where} is ${a}, wanted ${b}, allowed ${off}`);
}
