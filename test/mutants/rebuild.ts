// Makes what a mutant changes of src/generated/: run in a copy of the tree, with what is to be made and of which module.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { buildSync } from "esbuild";
import { generateSources } from "../../scripts/generate/sources.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const path = (name: string) => join(root, name);

function write(name: string, constant: string, value: string): void {
  writeFileSync(path(`src/generated/${name}.ts`), `export const ${constant}: string = ${JSON.stringify(value)};\n`);
}

function assemblySources(): string {
  const folder = path("assembly/generated");
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
}

const rebuilds = {
  /** And the module, where what it is made of has changed. */
  sources(module: string) {
    const before = assemblySources();
    generateSources(root);
    if (assemblySources() !== before) rebuilds.module(module);
  },
  /** The strict one, for the tests that compare bits run no other, or that of the elementary functions. */
  module(target: string) {
    const asc = join(dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")), "bin/asc.js");
    const entry = target === "functions" ? "functionEntryPoints" : "entryPoints";
    const args = [asc, `assembly/generated/${entry}.ts`, "--target", target, "--disableWarning", "112"];
    // the same bits in a third of the time that optimizing further takes
    execFileSync(process.execPath, [...args, "--optimizeLevel", "1"], { cwd: root });
    write(target, target.toUpperCase(), deflateSync(readFileSync(path(`build/${target}.wasm`))).toString("base64"));
  },
  command() {
    buildSync({
      entryPoints: [path("src/cli/main.ts")],
      outfile: path("dist/cli/main.js"),
      bundle: true,
      format: "esm",
      packages: "external",
    });
  },
  worker() {
    const { outputFiles } = buildSync({
      entryPoints: [path("src/backends/threads/worker.ts")],
      bundle: true,
      format: "iife",
      write: false,
    });
    write("worker", "WORKER", outputFiles[0].text);
  },
};

const [what, module] = process.argv.slice(2);
rebuilds[what as keyof typeof rebuilds](module);
