// Builds everything: assembly/ to build/*.wasm, those inlined into src/generated/wasm.ts, src/ to dist/.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

/** Runs a package's command with this Node. */
function run(bin: string, ...args: string[]): void {
  execFileSync(process.execPath, [bin, ...args], { cwd: root, stdio: "inherit" });
}

const asc = join(dirname(require.resolve("assemblyscript/package.json")), "bin/asc.js");
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");

mkdirSync(join(root, "build"), { recursive: true });
mkdirSync(join(root, "src/generated"), { recursive: true });
// AS112: functions that hand vectors to each other inside the module; no embedding sees them
const MODULES = ["strict", "relaxed"];
for (const name of MODULES) run(asc, "--target", name, "--disableWarning", "112");

const inline = (name: string) => readFileSync(join(root, `build/${name}.wasm`)).toString("base64");
writeFileSync(
  join(root, "src/generated/wasm.ts"),
  MODULES.map(
    (name) => `/** The ${name} module, base64. */\nexport const ${name.toUpperCase()} =\n  "${inline(name)}";\n`,
  ).join(""),
);
// one script without imports, that runs as it is inlined, as a classic script and as a module
buildSync({
  entryPoints: [join(root, "src/backends/worker.ts")],
  outfile: join(root, "build/worker.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  logLevel: "warning",
});
const worker = readFileSync(join(root, "build/worker.js"), "utf8").trim();
writeFileSync(
  join(root, "src/generated/worker.ts"),
  `/** The worker's script. */\nexport const WORKER =\n  ${JSON.stringify(worker)};\n`,
);

rmSync(join(root, "dist"), { recursive: true, force: true });
run(tsc, "-p", "tsconfig.build.json");
// for pages that may not run what is inlined
for (const name of MODULES) copyFileSync(join(root, `build/${name}.wasm`), join(root, `dist/${name}.wasm`));
copyFileSync(join(root, "build/worker.js"), join(root, "dist/worker.js"));
chmodSync(join(root, "dist/cli/main.js"), 0o755);
