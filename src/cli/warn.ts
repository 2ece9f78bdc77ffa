import { oneLine } from "./text.ts";

/** Tells on standard error what may be meant otherwise; the command goes on. */
export function warn(line: string): void {
  process.stderr.write(`wasm-loss: ${oneLine(line)}\n`);
}
