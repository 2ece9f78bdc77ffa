import { hasSimd } from "../module/features.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { thisEngine } from "./engineName.ts";
import { createLosses } from "./ownLosses.ts";
import { json, table } from "./text.ts";
import { version } from "./version.ts";

export const infoHelp = `wasm-loss info [--json]

  What runs here: the engine, the backend, threads and relaxed SIMD, and why not where something doesn't.

  Example: wasm-loss info
`;

/** The command `info`: returns what is to be printed. */
export async function info(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, { json: { type: "boolean", default: false } });
  if (positionals.length > 0) throw new UsageError(`info takes no arguments, but got ${positionals.length}`);
  // Everything is asked for, so that the notes say what can't be had.
  const losses = await createLosses({ threads: "auto", relaxed: true });
  const { backend, threads, relaxed, notes } = losses;
  losses.close();
  const engine = thisEngine();
  if (values.json) return json({ version, engine, simd: hasSimd(), backend, threads, relaxed, notes });
  return table([
    ["version", version],
    ["engine", engine],
    ["simd", hasSimd() ? "yes" : "no"],
    ["backend", backend],
    ["threads", String(threads)],
    ["relaxed", relaxed ? "yes" : "no"],
    ...notes.map((note): [string, string] => ["note", note]),
  ]);
}
