import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, buildSync } from "esbuild";
import { buildModules, deflatedFile, FUNCTION_MODULES, LOSSES_MODULE, MODULES, moduleFile } from "./buildModules.ts";
import { finishDeclarations } from "./declarations.ts";
import { generateSources } from "./generate/sources.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = (name: string) => join(root, name);
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

function generate(name: string, comment: string, constant: string, value: string | Uint8Array): void {
  const text = typeof value === "string" ? JSON.stringify(value) : `"${Buffer.from(value).toString("base64")}"`;
  writeFileSync(
    path(`src/generated/${name}.ts`),
    `/** ${comment} */\nexport const ${constant}: string =\n  ${text};\n`,
  );
}

/** The first bytes of a module's digest: a file of another version is not taken for it. */
function digestOf(name: string): Buffer {
  return createHash("sha256")
    .update(readFileSync(path(moduleFile(name))))
    .digest()
    .subarray(0, 8);
}

/** src/generated/: the modules as texts. */
function generateTexts(): void {
  for (const name of MODULES) {
    generate(name, `The ${name} module: deflate, base64.`, name.toUpperCase(), readFileSync(path(deflatedFile(name))));
  }
  const losses = readFileSync(path(deflatedFile(LOSSES_MODULE)));
  generate("losses", "The strict module without kernels of evaluations: deflate, base64.", "LOSSES", losses);
  for (const name of FUNCTION_MODULES) {
    const constant = name === "functions" ? "FUNCTIONS" : "RELAXED_FUNCTIONS";
    const comment = "Elementary functions, for tests: deflate, base64.";
    generate(name, comment, constant, readFileSync(path(deflatedFile(name))));
  }
  const digests = MODULES.map((name) => `  ${name}: "${digestOf(name).toString("hex")}",\n`);
  const comment = "/** What the file of each module ends with. */";
  writeFileSync(path("src/generated/builds.ts"), `${comment}\nexport const BUILDS = {\n${digests.join("")}};\n`);
}

/** Scripts of dist/, and what they are bundled from. */
const ENTRIES = [
  ["index", "index.node"],
  ["browser", "index.browser"],
  ["losses", "index.losses"],
  // so that what it does without is in other files than what it imports
  ["inlined", "inlinedLosses"],
  // so that their texts are in files without code: an uncaught error prints the line that threw it
  ["module/strict", "generated/strict"],
  ["module/losses", "generated/losses"],
  // so that it is imported before those texts: see textLast
  ["shared/faces", "faces"],
  ["formats/npy", "formats/npy"],
  ["formats/node", "formats/formats.node"],
  ["cli/main", "cli/main"],
  ["cli/partWorker", "cli/adding/partWorker"],
  ["cli/reportPage", "cli/report/draw"],
];

const bundled: BuildOptions = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
const worker = path("build/worker.js");

/** The worker's script, as a file and as a text. */
function buildWorker(): void {
  // one script without imports, that runs as it is inlined, as a classic script and as a module
  buildSync({
    ...bundled,
    entryPoints: [path("src/backends/threads/worker.ts")],
    outfile: worker,
    minify: true,
    format: "iife",
  });
  generate("worker", "The worker's script.", "WORKER", readFileSync(worker, "utf8").trim());
}

const IMPORT = /^import \{[^}]*\} from "(\.[^"]*)";\n/gm;

/** A script with its import of a file of `names` behind its others: gzip finds less on the other side of a module's text (0.9 KB). */
function textLast(script: string, names: ReadonlySet<string>): string {
  const imports = [...script.matchAll(IMPORT)];
  const texts = imports.filter(([, path]) => names.has(basename(path))).map(([text]) => text);
  const last = imports.at(-1);
  if (last === undefined || texts.length === 0) return script;
  const end = last.index + last[0].length;
  const others = script.slice(0, end).replace(IMPORT, (text) => (texts.includes(text) ? "" : text));
  return others + texts.join("") + script.slice(end);
}

/** src/ to dist/. */
function buildDist(): void {
  rmSync(path("dist"), { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  finishDeclarations(path("dist"), [
    "index.node.d.ts",
    "index.losses.d.ts",
    "formats/npy.d.ts",
    "formats/formats.node.d.ts",
  ]);
  // what is imported at once in a file, what is imported when it is needed in others; not minified, for stack traces
  buildSync({
    ...bundled,
    entryPoints: Object.fromEntries(ENTRIES.map(([to, from]) => [to, path(`src/${from}.ts`)])),
    outdir: path("dist"),
    packages: "external",
    splitting: true,
    chunkNames: "shared/[name]-[hash]",
  });
  // the readers of files for browsers, with the libraries that they need: what only some formats do in files of its own
  buildSync({
    ...bundled,
    entryPoints: { "formats/browser": path("src/formats/formats.browser.ts") },
    outdir: path("dist"),
    platform: "browser",
    alias: { "hyparquet-compressors": path("src/formats/tables/noCompressors.ts") },
    splitting: true,
    chunkNames: "formats/browser/[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
  });
  // Imports of nothing, for an order that makes no difference here: for them a bundler that splits loads the JavaScript loops at once.
  const scripts = readdirSync(path("dist"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".js"),
  );
  const texts = scripts.map((name) => readFileSync(path(`dist/${name}`), "utf8"));
  const holders = scripts.filter((_, i) => /^var (STRICT|LOSSES) =/m.test(texts[i])).map((name) => basename(name));
  const importers = scripts.filter((_, i) => holders.some((holder) => texts[i].includes(`/${holder}";`)));
  const withText = new Set([...holders, ...importers.map((name) => basename(name))]);
  for (const [i, name] of scripts.entries()) {
    const text = texts[i].replace(/^import "\.[^"]*\/chunk-\w+\.js";\n/gm, "");
    writeFileSync(path(`dist/${name}`), textLast(text, withText));
  }
  // for Node, and for pages that may not run what is inlined; behind the module a section of its own with the digest
  for (const name of MODULES) {
    const section = Buffer.concat([Buffer.from("\0\x0e\x05build"), digestOf(name)]);
    writeFileSync(path(`dist/${name}.wasm`), Buffer.concat([readFileSync(path(moduleFile(name))), section]));
  }
  copyFileSync(worker, path("dist/worker.js"));
  chmodSync(path("dist/cli/main.js"), 0o755);
}

/** Builds everything, but modules of which nothing has changed. */
export async function buildPackage(): Promise<void> {
  // what is no longer generated goes
  for (const folder of ["assembly/generated", "src/generated"]) rmSync(path(folder), { recursive: true, force: true });
  mkdirSync(path("build"), { recursive: true });
  generateSources(root);
  await buildModules();
  generateTexts();
  buildWorker();
  buildDist();
}
