import { thisEngine } from "../engineName.ts";
import type { Line } from "../tables.ts";
import { version } from "../version.ts";

/** What a report says of its making. */
export interface Making {
  /** The command line behind `wasm-loss`. */
  readonly args: readonly string[];
  /** The files that were read, by what they are. */
  readonly inputs: readonly Line[];
}

/** An argument as a shell takes it; addresses without passwords and signatures. */
function quoted(arg: string): string {
  const shown = arg.replace(/^(\w+:\/\/)[^/@]*@/, "$1").replace(/^(\w+:\/\/[^?]*)\?.*/, "$1");
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** When, by what and of what a report was computed. */
export function originLines({ args, inputs }: Making, lines: readonly Line[], date = new Date()): Line[] {
  return [
    ["date", date.toISOString().replace(/T(\d+:\d+).*/, " $1 UTC")],
    ["version", `wasm-loss ${version}`],
    ["engine", thisEngine()],
    ["command", ["wasm-loss", ...args].map(quoted).join(" ")],
    ...inputs,
    ...lines,
  ];
}
