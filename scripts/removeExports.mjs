// `node scripts/removeExports.mjs FILE NAME...` writes a module without these exports, and what only they call, to standard output.
// A process of its own, and no TypeScript: tsx would go through the 13 MB of binaryen, 8 s instead of one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// the package with which AssemblyScript writes modules: its own, so that it reads them
const ofAssemblyScript = createRequire(createRequire(import.meta.url).resolve("assemblyscript/package.json"));
const { default: binaryen } = await import(pathToFileURL(ofAssemblyScript.resolve("binaryen")).href);

const [file, ...names] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(file));
module.setFeatures(binaryen.Features.All);
for (const name of names) module.removeExport(name);
module.runPasses(["remove-unused-module-elements"]);
process.stdout.write(module.emitBinary());
