import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Loaded before the command: tells its parent, whenever asked, what it took of the processor, and ends with it. */
const USAGE = `data:text/javascript,
process.on("message", () => process.send(process.cpuUsage()));
process.on("disconnect", () => process.exit());`;

/** Ends a command that fails with what it says. */
export async function command(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`wasm-loss ${args.join(" ")}: exit code ${code}`);
}

/** The command line's own worker, built as people have it. */
export class BenchWorker {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** One that waits for jobs. */
  static async start(args: readonly string[], node: readonly string[] = []): Promise<BenchWorker> {
    const all = [...node, "--import", USAGE, main, "cluster", "work", ...args];
    const child = spawn(process.execPath, all, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    await once(child.stderr!, "data");
    child.stderr!.pipe(process.stderr);
    return new BenchWorker(child);
  }

  /** Milliseconds of the processor, so far. */
  async processor(): Promise<number> {
    this.#child.send("usage");
    const [{ user, system }] = await once(this.#child, "message");
    return (user + system) / 1000;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
