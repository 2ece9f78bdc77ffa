import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Of the language, but engines are without them, or hide them from pages and contexts. */
const MAY_BE_MISSING = ["WebAssembly", "Atomics", "SharedArrayBuffer"];

/** TypeScript does without its library if these are there. */
const DECLARED = "Array<T> Boolean CallableFunction Function IArguments NewableFunction Number Object RegExp String";

/**
 * The globals of the platform that src/ touches: names that TypeScript does not find in the bundled code without any library, and
 * properties of globalThis; less those that every engine has, which a new vm context has, too.
 */
export function platformGlobals(): string[] {
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-globals-"));
  try {
    const { outputFiles } = buildSync({
      entryPoints: ["index.node", "index.browser", "backends/threads/worker"].map((name) => path(`../src/${name}.ts`)),
      bundle: true,
      format: "esm",
      target: "es2022",
      outdir: folder,
      write: false,
      logLevel: "error",
    });
    const text = outputFiles.map((file) => file.text).join("\n");
    const names = [...outputFiles.map((file, i) => [`${i}.js`, file.text]), ["declared.d.ts", declarations()]].map(
      ([name, content]) => {
        writeFileSync(join(folder, name), content);
        return name;
      },
    );
    const errors = undeclared(folder, names);
    const found = [
      ...errors.matchAll(/Cannot find name '(\w+)'/g),
      ...errors.matchAll(/Property '(\w+)' does not exist on type 'typeof globalThis'/g),
      ...text.matchAll(/\bglobal(?:This|s)\d*\??\.(\w+)/g),
      ...text.matchAll(/"(\w+)" in globalThis/g),
    ].map(([, name]) => name);
    const language: string[] = runInContext("Object.getOwnPropertyNames(globalThis)", createContext());
    const always = language.filter((name) => !MAY_BE_MISSING.includes(name));
    return [...new Set(found)].filter((name) => !always.includes(name)).sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const declarations = () =>
  DECLARED.split(" ")
    .map((name) => `interface ${name} {}\n`)
    .join("");

/** What tsc says of scripts without any library. */
function undeclared(folder: string, files: readonly string[]): string {
  const compilerOptions = { noLib: true, allowJs: true, checkJs: true, noEmit: true, target: "es2022", types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8", maxBuffer: 2 ** 26 });
    throw new Error("tsc finds every name without a library");
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined) throw error;
    return stdout;
  }
}
