import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Typed arrays of 64-bit integers and async iterables are named in the declarations; a program's own lib may be older. */
const LIB = '/// <reference lib="es2020" />\n';

/**
 * Makes the declarations below a folder those of a package: the ones of the entries and what they import, for every TypeScript
 * from 5.0 on and whatever its target and lib.
 */
export function finishDeclarations(folder: string, entries: readonly string[]): void {
  const used = removeUnused(folder, entries);
  for (const file of used) edit(file, withoutPrivate);
  for (const name of entries) edit(join(folder, name), (text) => LIB + text);
}

/** Leaves, of the declarations below a folder, those that the ones of the entries import, and names them. */
function removeUnused(folder: string, entries: readonly string[]): ReadonlySet<string> {
  const used = new Set(entries.map((name) => join(folder, name)));
  for (const file of used) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/"(\.[^"]+)\.ts"/g)) {
      used.add(join(dirname(file), `${name}.d.ts`));
    }
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts") && !used.has(join(folder, name))) rmSync(join(folder, name));
  }
  return used;
}

/** Without `#private;`, which stands for all private members of a class: a target of ES5 takes it for an error. */
const withoutPrivate = (text: string) => text.replace(/^ *#private;\n/gm, "");

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}
