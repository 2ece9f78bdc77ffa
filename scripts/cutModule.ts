import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("removeExports.mjs", import.meta.url));

/**
 * A module with those of its functions that `keep` names, and what they call: the rest is taken out, nothing is changed. One of
 * evaluations alone deflates to 13 KB, all of it to 53.
 */
export async function cutModule(file: string, keep: (name: string) => boolean): Promise<Uint8Array> {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file))).map(({ name }) => name);
  const args = [script, file, ...names.filter((name) => !keep(name))];
  const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: "buffer", maxBuffer: 2 ** 24 });
  return stdout;
}
