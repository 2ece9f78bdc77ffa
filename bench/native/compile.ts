import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);
const pathOf = (name: string) => fileURLToPath(new URL(name, folder));

/** Strict has the instructions of every engine with SIMD, relaxed also fused multiply-add. */
export type Build = "strict" | "relaxed";

/** The newest first: up to 15 they know relaxed SIMD only as it was before engines had it. */
const COMPILERS = [21, 20, 19, 18, 17, 16, "", 15, 14].map((version) => (version ? `clang-${version}` : "clang"));
const FLAGS = [
  ..."--target=wasm32 -O3 -msimd128 -mbulk-memory -ffreestanding -nostdlib -Wall -Wextra -Werror".split(" "),
  "-Wl,--no-entry,--import-memory,--export=__heap_base,--stack-first,-z,stack-size=65536",
];
const SOURCES = ["mse.c", "softmax.c", "bare.c"];
const PACKAGES = "apt-get install clang-19 lld-19";

function run(command: string, ...args: string[]) {
  return spawnSync(command, args, { encoding: "utf8" });
}

/** What came of compiling: the compiler's version, and a sentence on what is missing. */
export interface Compiled {
  readonly version?: string;
  readonly note?: string;
}

/** Compiles the C, strict and relaxed, into build/ beside it. */
export function compile(): Compiled {
  rmSync(pathOf("build"), { recursive: true, force: true });
  mkdirSync(pathOf("build"));
  const compiler = COMPILERS.find((command) => run(command, "--version").status === 0);
  if (!compiler) return { note: `LLVM wasm does not run here: there is no clang (${PACKAGES}).` };
  const build = (build: Build, ...flags: string[]) => {
    const { status, stderr } = run(
      compiler,
      ...FLAGS,
      ...flags,
      "-o",
      pathOf(`build/${build}.wasm`),
      ...SOURCES.map(pathOf),
    );
    return status === 0 ? undefined : `${compiler} says ${stderr.trim().split("\n")[0]} (${PACKAGES})`;
  };
  const failed = build("strict");
  if (failed) return { note: `LLVM wasm does not run here: ${failed}.` };
  const tooOld = build("relaxed", "-mrelaxed-simd");
  return {
    version: /\d+\.\d+\.\d+/.exec(run(compiler, "--version").stdout)?.[0],
    note: tooOld && `LLVM wasm relaxed does not run here: ${tooOld}.`,
  };
}

/** A compiled module, where there is one that this engine reads. */
export function compiledModule(build: Build): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(readFileSync(pathOf(`build/${build}.wasm`)));
  } catch {
    return undefined;
  }
}
