import { getSystemErrorMap } from "node:util";
import { nearest } from "../nearest.ts";
import { UsageError } from "./arguments.ts";
import { SIGNALS } from "./signals.ts";
import { oneLine } from "./text.ts";

/** In the order of the help. */
const COMMANDS = ["evaluate", "compare", "merge", "cluster", "info", "bench"] as const;

interface Command {
  /** Returns what is to be printed. */
  run(args: readonly string[]): Promise<string>;
  readonly help: string;
}

/** Loads a command: what a large file waits for is loaded without the others. */
async function load(name: (typeof COMMANDS)[number]): Promise<Command> {
  if (name !== "evaluate") return (await import("./otherCommands.ts")).otherCommands[name];
  const { evaluate, evaluateHelp } = await import("./evaluateCommand.ts");
  return { run: evaluate, help: evaluateHelp };
}

async function wholeHelp(): Promise<string> {
  const all = await Promise.all(COMMANDS.map(load));
  return `wasm-loss: losses of model outputs

${all.map(({ help }) => help).join("\n")}
wasm-loss --help | --version | help COMMAND

Results go to standard output, progress and errors to standard error.
Exit code: 0 done, 1 failed, 2 wrong usage.
`;
}

const HELP = ["help", "--help", "-h"];
const VERSION = ["version", "--version", "-v", "-V"];

async function commandOf(given: string): Promise<Command> {
  const name = COMMANDS.find((it) => it === given);
  if (name) return load(name);
  const meant = nearest(given, [...COMMANDS, "help", "version"]);
  const hint = meant ? ` (${meant}?)` : given.startsWith("-") ? ": options follow a command" : "";
  throw new UsageError(`there is no command ${JSON.stringify(given)}${hint}`);
}

/** Runs the command line and returns what is to be printed. */
async function run([name, ...args]: readonly string[]): Promise<string> {
  if (name === undefined) throw new UsageError("no command is given");
  if (HELP.includes(name)) {
    const isOfCommand = args.length > 0 && ![...HELP, ...VERSION].includes(args[0]);
    return isOfCommand ? (await commandOf(args[0])).help : wholeHelp();
  }
  if (VERSION.includes(name)) return `${(await import("./version.ts")).version}\n`;
  const command = await commandOf(name);
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
