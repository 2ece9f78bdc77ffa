import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { zlibAsync } from "@gfx/zopfli";
import { EVALUATIONS } from "../src/descriptions/evaluation.ts";
import { cutModule } from "./cutModule.ts";
import { made } from "./made.ts";
import { orderModule } from "./orderModule.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const assemblyScript = createRequire(import.meta.url).resolve("assemblyscript/package.json");
const asc = join(dirname(assemblyScript), "bin/asc.js");

/** Modules of the package: the kernels. */
export const MODULES = ["strict", "relaxed"];
/** The strict one without the kernels that only evaluations call. */
export const LOSSES_MODULE = "losses";
/** Modules of tests: elementary functions. */
export const FUNCTION_MODULES = ["functions", "relaxedFunctions"];

/** Where a module stands; in `build/NAME.zlib` it is deflated. */
export const moduleFile = (name: string) => `build/${name}.wasm`;
export const deflatedFile = (name: string) => `build/${name}.zlib`;

/** Compiles an entry file of assembly/generated/. */
async function compile(entry: string, target: string): Promise<Uint8Array> {
  // AS112: functions that hand vectors to each other inside the module; no embedding sees them
  const args = [asc, `assembly/generated/${entry}.ts`, "--target", target, "--disableWarning", "112"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
  process.stderr.write(stdout + stderr);
  const compiled = readFileSync(join(root, moduleFile(target)));
  return writeOrdered(target, compiled);
}

function writeOrdered(target: string, compiled: Uint8Array): Uint8Array {
  const module = orderModule(compiled);
  // Node 20 knows no relaxed instructions
  if (WebAssembly.validate(compiled.slice()) && !WebAssembly.validate(module.slice()))
    throw new Error(`orderModule: ${target} is not valid`);
  writeFileSync(join(root, moduleFile(target)), module);
  return module;
}

/** Writes a module deflated: 5% smaller than by zlib. */
async function writeDeflated(name: string, module: Uint8Array): Promise<void> {
  writeFileSync(join(root, deflatedFile(name)), await zlibAsync(module, { numiterations: 15, blocksplittingmax: 0 }));
}

const isOfLosses = (name: string) => EVALUATIONS.every((kernel) => kernel.name !== name.replace(/_f(32|64)$/, ""));

/** The module of losses alone, of the strict one: the same code. */
async function buildLosses(): Promise<void> {
  const cut = await cutModule(join(root, moduleFile("strict")), isOfLosses);
  await writeDeflated(LOSSES_MODULE, writeOrdered(LOSSES_MODULE, cut));
}

/** A module of the functions of tests. */
async function buildFunctions(name: string): Promise<void> {
  writeFileSync(join(root, deflatedFile(name)), deflateSync(await compile("functionEntryPoints", name)));
}

/** A module of the kernels, that of the functions of its kind, and what is cut from it: compilers run beside what is done here. */
async function buildAll(name: string, functions: string): Promise<void> {
  const module = await compile("entryPoints", name);
  await Promise.all([
    buildFunctions(functions),
    name === "strict" ? buildLosses() : undefined,
    writeDeflated(name, module),
  ]);
}

/** assembly/ to build/: the modules, each deflated beside it. */
export async function buildModules(): Promise<void> {
  const names = [...MODULES, LOSSES_MODULE, ...FUNCTION_MODULES];
  const typed = ["buildModules", "cutModule", "orderModule", "numberLocals", "liveRanges"].map((name) => `${name}.ts`);
  const scripts = [...typed, "removeExports.mjs"].map((name) => `scripts/${name}`);
  const sources = ["assembly", "asconfig.json", "src/descriptions", ...scripts];
  await made("modules", sources, [...names.map(moduleFile), ...names.map(deflatedFile)], async () => {
    await Promise.all(MODULES.map((name, i) => buildAll(name, FUNCTION_MODULES[i])));
  });
}
