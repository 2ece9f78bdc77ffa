/** Text of the command line. */
import { expect, test } from "vitest";
import { compact } from "../src/cli/text.ts";
import { mulberry32 } from "./inputs.ts";

test("compact numbers are those of Intl.NumberFormat", () => {
  const format = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
  const random = mulberry32(1);
  const around = [1e3, 1e6, 1e9, 1e12].flatMap((x) => [x, x * 0.99995, x * 0.999949, x * 1.0004, x * 1.0006]);
  const values = [0, 1, 0.5, ...around, ...Array.from({ length: 10_000 }, () => 10 ** (17 * random() - 2))];
  for (const value of values) expect(compact(value), String(value)).toBe(format.format(value));
  expect(compact(Number.POSITIVE_INFINITY)).toBe("Infinity");
});
