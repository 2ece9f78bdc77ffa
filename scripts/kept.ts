import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** A file or folder in build/ that takes long to make, made again only when `source`, what it is made of, has changed. */
export async function kept(name: string, source: string, make: (path: string) => Promise<void>): Promise<string> {
  const key = createHash("sha256").update(source).digest("hex").slice(0, 16);
  const path = fileURLToPath(new URL(`../build/kept/${key}/${name}`, import.meta.url));
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    await make(path);
  }
  return path;
}
