// Builds everything: assembly/ to build/*.wasm, those deflated into src/generated/, src/ to dist/.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { zlibAsync } from "@gfx/zopfli";
import { type BuildOptions, buildSync } from "esbuild";
import { finishDeclarations } from "./declarations.ts";
import { generateSources } from "./generate/sources.ts";
import { orderModule } from "./orderModule.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const path = (name: string) => join(root, name);

/** Runs a package's command with this Node. */
function run(bin: string, ...args: string[]): void {
  execFileSync(process.execPath, [bin, ...args], { cwd: root, stdio: "inherit" });
}

const asc = join(dirname(require.resolve("assemblyscript/package.json")), "bin/asc.js");
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");

function generate(name: string, comment: string, constant: string, value: string | Uint8Array): void {
  const text = typeof value === "string" ? JSON.stringify(value) : `"${Buffer.from(value).toString("base64")}"`;
  writeFileSync(
    path(`src/generated/${name}.ts`),
    `/** ${comment} */\nexport const ${constant}: string =\n  ${text};\n`,
  );
}

mkdirSync(path("build"), { recursive: true });
generateSources(root);

/** Compiles an entry file of assembly/generated/. */
function compile(entry: string, target: string): Uint8Array {
  // AS112: functions that hand vectors to each other inside the module; no embedding sees them
  run(asc, `assembly/generated/${entry}.ts`, "--target", target, "--disableWarning", "112");
  const module = orderModule(readFileSync(path(`build/${target}.wasm`)));
  writeFileSync(path(`build/${target}.wasm`), module);
  return module;
}

const MODULES = ["strict", "relaxed"];
/** The first bytes of each one's digest: a file of another version is not taken for it. */
const builds: Record<string, Buffer> = {};
for (const name of MODULES) {
  const module = compile("entryPoints", name);
  builds[name] = createHash("sha256").update(module).digest().subarray(0, 8);
  // 5% smaller than by zlib
  const deflated = await zlibAsync(module, { numiterations: 15, blocksplittingmax: 0 });
  generate(name, `The ${name} module: deflate, base64.`, name.toUpperCase(), deflated);
}
for (const name of ["functions", "relaxedFunctions"]) {
  const constant = name === "functions" ? "FUNCTIONS" : "RELAXED_FUNCTIONS";
  const deflated = deflateSync(compile("functionEntryPoints", name));
  generate(name, "Elementary functions, for tests: deflate, base64.", constant, deflated);
}

const digests = Object.entries(builds).map(([name, digest]) => `  ${name}: "${digest.toString("hex")}",\n`);
const comment = "/** What the file of each module ends with. */";
writeFileSync(path("src/generated/builds.ts"), `${comment}\nexport const BUILDS = {\n${digests.join("")}};\n`);

/** Scripts of dist/, and what they are bundled from. */
const ENTRIES = [
  ["index", "index.node"],
  ["browser", "index.browser"],
  ["losses", "inlinedLosses"],
  // so that its text is in a file without code: an uncaught error prints the line that threw it
  ["module/strict", "generated/strict"],
  ["formats/npy", "formats/npy"],
  ["formats/node", "formats/formats.node"],
  ["cli/main", "cli/main"],
  ["cli/partWorker", "cli/adding/partWorker"],
  ["cli/reportPage", "cli/report/draw"],
];

const bundled: BuildOptions = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
// one script without imports, that runs as it is inlined, as a classic script and as a module
const worker = path("build/worker.js");
buildSync({
  ...bundled,
  entryPoints: [path("src/backends/threads/worker.ts")],
  outfile: worker,
  minify: true,
  format: "iife",
});
generate("worker", "The worker's script.", "WORKER", readFileSync(worker, "utf8").trim());

rmSync(path("dist"), { recursive: true, force: true });
run(tsc, "-p", "tsconfig.build.json");
finishDeclarations(path("dist"), ["index.node.d.ts", "formats/npy.d.ts", "formats/formats.node.d.ts"]);
// what is imported at once in a file, what is imported when it is needed in others; not minified, for stack traces
buildSync({
  ...bundled,
  // inlinedLosses.ts: so that what it does without is in other files than what it imports
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
for (const name of readdirSync(path("dist"), { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".js")) continue;
  const file = path(`dist/${name}`);
  writeFileSync(file, readFileSync(file, "utf8").replace(/^import "\.[^"]*\/chunk-\w+\.js";\n/gm, ""));
}
// for Node, and for pages that may not run what is inlined; behind the module a section of its own with the digest
for (const name of MODULES) {
  const section = Buffer.concat([Buffer.from("\0\x0e\x05build"), builds[name]]);
  writeFileSync(path(`dist/${name}.wasm`), Buffer.concat([readFileSync(path(`build/${name}.wasm`)), section]));
}
copyFileSync(worker, path("dist/worker.js"));
chmodSync(path("dist/cli/main.js"), 0o755);
