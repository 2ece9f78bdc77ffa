import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Leaves, of the declarations below a folder, those that the ones of the entries import. */
export function removeUnused(folder: string, entries: readonly string[]): void {
  const used = new Set(entries.map((name) => join(folder, name)));
  for (const file of used) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/"(\.[^"]+)\.ts"/g)) {
      used.add(join(dirname(file), `${name}.d.ts`));
    }
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts") && !used.has(join(folder, name))) rmSync(join(folder, name));
  }
}
