import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export type Output = readonly [path: string, data: string | Uint8Array];

/** Whether a path is a device or a pipe: it is written to, not replaced. */
function isDevice(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

/** Fails where a file can't be written, before the work that makes it. */
export function checkWritable(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw Object.assign(new Error(`${path}: is a directory`), { path });
  accessSync(stat ? path : dirname(path), constants.W_OK);
}

/**
 * Writes files that appear under their names when all of them are complete. It is synchronous: no signal is handled in
 * between, and an error takes back what was written.
 */
export function writeFiles(outputs: readonly Output[]): void {
  const temporary = (path: string) => (isDevice(path) ? path : `${path}.${process.pid}.tmp`);
  const written: string[] = [];
  try {
    for (const [path, data] of outputs) {
      const to = temporary(path);
      if (to !== path) written.push(to);
      try {
        writeFileSync(to, data);
      } catch (error) {
        throw Object.assign(error as Error, { path });
      }
    }
    for (const [path] of outputs) if (!isDevice(path)) renameSync(temporary(path), path);
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
}
