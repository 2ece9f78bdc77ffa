import { realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { NotHere } from "../../cluster/work.ts";
import { isAddress } from "../../formats/addresses/schemes.ts";

/** Where a path leads, links followed; of what is not there yet the folder that it would be in. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    return placeOf(dirname(path));
  }
}

/** Throws NotHere of files that are in none of the folders that a worker may use; addresses are not its machine's. */
export async function checkAllowed(path: string, folders: readonly string[]): Promise<void> {
  if (isAddress(path)) return;
  if (folders.length === 0) {
    throw new NotHere(`${path}: the worker uses no files: it was started without --files DIR`);
  }
  const place = await placeOf(path);
  for (const folder of folders) {
    const root = await placeOf(folder);
    if (place === root || place.startsWith(root.endsWith(sep) ? root : root + sep)) return;
  }
  throw new NotHere(`${path} is not in ${folders.join(" or ")}, which the worker may use`);
}
