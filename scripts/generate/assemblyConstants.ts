import * as addresses from "../../src/descriptions/addresses.ts";
import { CONSTANTS } from "../../src/descriptions/constants.ts";
import { LAYOUTS } from "../../src/descriptions/scratch.ts";
import * as thresholds from "../../src/descriptions/thresholds.ts";

const line = (name: string, type: string, value: number | string) => `export const ${name}: ${type} = ${value};`;

/** A number as AssemblyScript reads it: integers are i32. */
function typed(name: string, value: number): string {
  if (!Number.isInteger(value)) return line(name, "f64", value);
  return Math.abs(value) < 2 ** 31 ? line(name, "i32", value) : line(name, "f64", value.toExponential());
}

/** The files of assembly/generated/ that hold numbers, by name. */
export function assemblyConstants(): ReadonlyMap<string, string> {
  const files = new Map([
    ["addresses", Object.entries(addresses).map(([name, address]) => line(name, "usize", address))],
    // places of the constant table: see constant() of lanes.ts
    ["constants", CONSTANTS.map(({ name }, i) => line(name, "i32", i))],
    ["thresholds", Object.entries(thresholds).map(([name, value]) => typed(name, value))],
  ]);
  for (const { file, regions } of LAYOUTS) {
    files.set(
      file,
      regions.map(({ name, at }) => line(name, "usize", at)),
    );
  }
  return new Map([...files].map(([name, lines]) => [name, `${lines.join("\n")}\n`]));
}
