import * as addresses from "../../src/descriptions/addresses.ts";
import { CONSTANTS } from "../../src/descriptions/constants.ts";
import { COUNTERS, COUNTERS_A_BIN, FIRST_LOSS_BIN, FURTHER_RANKS, LOSS_BINS } from "../../src/descriptions/counters.ts";
import * as record from "../../src/descriptions/record.ts";
import { LAYOUTS } from "../../src/descriptions/scratch.ts";
import * as thresholds from "../../src/descriptions/thresholds.ts";

const line = (name: string, type: string, value: number | string) => `export const ${name}: ${type} = ${value};`;

/** A number as AssemblyScript reads it: integers are i32. */
function typed([name, value]: [string, number]): string {
  if (!Number.isInteger(value)) return line(name, "f64", value);
  return Math.abs(value) < 2 ** 31 ? line(name, "i32", value) : line(name, "f64", value.toExponential());
}

/** The place of a float64 among others, in bytes. */
const inBytes = ([name, place]: [string, number]) => line(name, "usize", 8 * place);

/** positiveInfinity: POSITIVE_INFINITY */
const constantName = (name: string) => name.replace(/[A-Z]/g, "_$&").toUpperCase();

/** The files of assembly/generated/ that hold numbers, by name. */
export function assemblyConstants(): ReadonlyMap<string, string> {
  const files = new Map([
    ["addresses", Object.entries(addresses).map(([name, address]) => line(name, "usize", address))],
    // places of the constant table: see constant() of lanes.ts
    ["constants", CONSTANTS.map(({ name }, i) => line(name, "i32", i))],
    ["thresholds", Object.entries(thresholds).map(typed)],
    ["record", Object.entries(record).map(inBytes)],
    [
      "counters",
      [
        ...Object.entries(COUNTERS).map(([name, place]) => inBytes([constantName(name), place])),
        inBytes(["BIN", COUNTERS_A_BIN]),
        ...Object.entries({ FURTHER_RANKS, LOSS_BINS, FIRST_LOSS_BIN }).map(typed),
      ],
    ],
  ]);
  for (const { file, regions } of LAYOUTS) {
    files.set(
      file,
      regions.map(({ name, at }) => line(name, "usize", at)),
    );
  }
  return new Map([...files].map(([name, lines]) => [name, `${lines.join("\n")}\n`]));
}
