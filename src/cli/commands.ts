import { getSystemErrorMap } from "node:util";
import { nearest } from "../nearest.ts";
import { UsageError } from "./arguments.ts";
import { bench, benchHelp } from "./benchCommand.ts";
import { cluster, clusterHelp } from "./cluster/clusterCommand.ts";
import { compare } from "./compareCommand.ts";
import { compareHelp } from "./compareOptions.ts";
import { evaluate } from "./evaluateCommand.ts";
import { evaluateHelp } from "./evaluateOptions.ts";
import { info, infoHelp } from "./infoCommand.ts";
import { merge, mergeHelp } from "./mergeCommand.ts";
import { SIGNALS } from "./signals.ts";
import { oneLine } from "./text.ts";
import { version } from "./version.ts";

const commands = new Map([
  ["evaluate", { run: evaluate, help: evaluateHelp }],
  ["compare", { run: compare, help: compareHelp }],
  ["merge", { run: merge, help: mergeHelp }],
  ["cluster", { run: cluster, help: clusterHelp }],
  ["info", { run: info, help: infoHelp }],
  ["bench", { run: bench, help: benchHelp }],
]);

const help = `wasm-loss: losses of model outputs

${[...commands.values()].map((command) => command.help).join("\n")}
wasm-loss --help | --version | help COMMAND

Results go to standard output, progress and errors to standard error.
Exit code: 0 done, 1 failed, 2 wrong usage.
`;

const HELP = ["help", "--help", "-h"];
const VERSION = ["version", "--version", "-v", "-V"];

function commandOf(name: string) {
  const command = commands.get(name);
  if (command) return command;
  const meant = nearest(name, [...commands.keys(), "help", "version"]);
  throw new UsageError(`there is no command ${JSON.stringify(name)}${meant ? ` (${meant}?)` : ""}`);
}

/** Runs the command line and returns what is to be printed. */
async function run([name, ...args]: readonly string[]): Promise<string> {
  if (name === undefined) throw new UsageError("no command is given");
  if (HELP.includes(name)) return args.length > 0 ? commandOf(args[0]).help : help;
  if (VERSION.includes(name)) return `${version}\n`;
  const command = commandOf(name);
  const options = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (options.includes("--help") || options.includes("-h")) return command.help;
  return command.run(args);
}

function fail(error: unknown): void {
  const usage = error instanceof UsageError;
  const line = oneLine(messageOf(error));
  process.stderr.write(`wasm-loss: ${line}${usage ? " (see wasm-loss --help)" : ""}\n`);
  process.exitCode = usage ? 2 : 1;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, path, syscall } = error as NodeJS.ErrnoException;
  const reason = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return reason === undefined ? error.message : `${path ?? syscall}: ${reason}`;
}

// Files are written at once, at the end: there is nothing to clean up. Without this a signal could end that half-way; and
// an exit would wait for what is being opened or read, a pipe without a writer perhaps.
for (const signal of SIGNALS) process.once(signal, () => process.kill(process.pid, signal));

// Who closes the pipe has read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") fail(Object.assign(error, { path: "standard output" }));
});
process.stderr.on("error", () => {});

/** Runs the command line: prints what it gives, or why it fails. */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    process.stdout.write(await run(args));
  } catch (error) {
    fail(error);
  }
}
