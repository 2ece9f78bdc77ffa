import { realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { isAddress } from "../../formats/addresses/schemes.ts";
import { FormatError } from "../../formats/error.ts";

/** Where a path leads, links followed; of what is not there yet the folder that it would be in. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    return placeOf(dirname(path));
  }
}

/** Refuses files that are in none of the folders that a worker may use; addresses are not its machine's. */
export async function checkAllowed(path: string, folders: readonly string[]): Promise<void> {
  if (isAddress(path)) return;
  if (folders.length === 0) {
    throw new FormatError(`${path}: this worker uses no files: it was started without --files DIR`);
  }
  const place = await placeOf(path);
  for (const folder of folders) {
    const root = await placeOf(folder);
    if (place === root || place.startsWith(root.endsWith(sep) ? root : root + sep)) return;
  }
  throw new FormatError(`${path}: is not in ${folders.join(" or ")}, which this worker may use`);
}
