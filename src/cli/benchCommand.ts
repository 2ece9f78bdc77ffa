import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "./arguments.ts";
import { SIGNALS } from "./signals.ts";

export const benchHelp = `wasm-loss bench [--peers] [--json] [--filter RE]

  Times every operation against plain loops, each result checked first; --peers beside other packages, --filter only the
  cases whose name matches. It runs in a clone of the repository: the package does not carry it.

  Example: wasm-loss bench --filter "crossEntropy.*float32"
`;

/** The command `bench`: it prints by itself. */
export async function bench(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, {
    peers: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    filter: { type: "string" },
  });
  if (positionals.length > 0) throw new UsageError(`bench takes no arguments, but got ${positionals.length}`);
  const options = [
    ...(values.peers ? ["--peers"] : []),
    ...(values.json ? ["--json", "-"] : []),
    ...(values.filter === undefined ? [] : [`--filter=${values.filter}`]),
  ];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const main = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
  if (!existsSync(main)) throw new Error("bench: it is in the repository, which the package does not carry");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...options], { cwd, stdio: "inherit" });
  // before this process ends of it
  for (const signal of SIGNALS) process.prependOnceListener(signal, () => child.kill(signal));
  const [status] = await once(child, "close");
  process.exitCode = status ?? 1;
  return "";
}
