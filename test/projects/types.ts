import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { attempt, createProject, type Project, printing, type Setting, type Tell } from "./project.ts";

/** Each is installed under a name of its own; the last two have no moduleResolution node10. */
const VERSIONS = ["5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6", "7"];
const HAS_USING = (version: number) => version >= 5.2;
const HAS_NODE10 = (version: number) => version < 6;
const HAS_FLOAT16 = (version: number) => version >= 5.8;

const source = (name: string) => readFileSync(fileURLToPath(new URL(`../types/${name}`, import.meta.url)), "utf8");
const asConsumer = (text: string) =>
  text
    .replaceAll('"../../src/index.node.ts"', '"wasm-loss"')
    .replaceAll('"../../src/formats/npy.ts"', '"wasm-loss/npy"')
    .replaceAll('"../../src/formats/formats.node.ts"', '"wasm-loss/formats"');

const FILES: Readonly<Record<string, string>> = {
  "losses.ts": asConsumer(source("losses.ts")),
  "npy.ts": asConsumer(source("npy.ts")),
  "formats.ts": asConsumer(source("formats.ts")),
  "webFiles.ts": asConsumer(source("webFiles.ts")),
  // all that a program needs for `using`
  "using.ts": `
import { createLosses } from "wasm-loss";
export async function mse(): Promise<number> {
  using losses = await createLosses();
  return losses.mse(Float32Array.of(1), Float32Array.of(2));
}
`,
  "alone.ts": `
import { createLosses, type LossFunctions } from "wasm-loss/losses";
export const opened: Promise<LossFunctions> = createLosses({ threads: 2 });
`,
  "float16.ts": `
import type { Losses } from "wasm-loss";
export const softmax = (losses: Losses, x: Float16Array): Float32Array => losses.softmax(x, { classes: 2 });
`,
  "main.ts": printing(),
};

interface Choice {
  readonly options: Readonly<Record<string, unknown>>;
  readonly of?: (version: number) => boolean;
  readonly more?: readonly string[];
}

/** Compiler options that people have. */
const CHOICES: Readonly<Record<string, Choice>> = {
  "tsc --init of 5.x": {
    of: HAS_NODE10,
    options: { target: "es2016", module: "commonjs", esModuleInterop: true, types: [] },
  },
  "target es5, with Node's types": { of: HAS_NODE10, options: { target: "es5", module: "commonjs", types: ["node"] } },
  "node10, es2020 and dom": {
    of: HAS_NODE10,
    options: { target: "es2020", lib: ["es2020", "dom"], module: "esnext", moduleResolution: "node", types: [] },
  },
  "node16, no dom, with Node's types": {
    options: { target: "es2022", lib: ["es2022"], module: "node16", moduleResolution: "node16", types: ["node"] },
  },
  "nodenext, the default lib": {
    options: { target: "es2022", module: "nodenext", moduleResolution: "nodenext", types: ["node"] },
  },
  "bundler, neither dom nor Node's types": {
    options: { target: "es2020", lib: ["es2020"], module: "esnext", moduleResolution: "bundler", types: [] },
  },
  "bundler, dom, exact optional properties": {
    options: {
      target: "es2022",
      lib: ["es2022", "dom"],
      module: "esnext",
      moduleResolution: "bundler",
      types: [],
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    },
    more: ["webFiles.ts"],
  },
  "bundler, esnext, using": {
    of: HAS_USING,
    options: { target: "esnext", module: "esnext", moduleResolution: "bundler", types: [] },
    more: ["using.ts"],
  },
  "bundler, es2022, using": {
    of: HAS_USING,
    options: { target: "es2022", module: "esnext", moduleResolution: "bundler", types: [] },
    more: ["using.ts"],
  },
  "bundler, esnext, Float16Array": {
    of: HAS_FLOAT16,
    options: { target: "esnext", lib: ["esnext"], module: "esnext", moduleResolution: "bundler", types: [] },
    more: ["float16.ts"],
  },
};

/** With the others one resolution of modules is tried each, and what they were the first to have. */
const THOROUGHLY: readonly string[] = ["5.0", "5.9", "6", "7"];
const RESOLUTIONS: readonly string[] = [
  "nodenext, the default lib",
  "bundler, dom, exact optional properties",
  "node10, es2020 and dom",
];
const FIRST: Readonly<Record<string, readonly string[]>> = {
  "5.2": ["bundler, esnext, using", "bundler, es2022, using"],
  "5.8": ["bundler, esnext, Float16Array"],
};

/** Names of the choices that a version is tried with. */
function choicesOf(version: string): string[] {
  const names = Object.keys(CHOICES).filter((name) => CHOICES[name].of?.(Number(version)) ?? true);
  if (THOROUGHLY.includes(version)) return names;
  const resolution = RESOLUTIONS[VERSIONS.indexOf(version) % RESOLUTIONS.length];
  return names.filter((name) => name === resolution || FIRST[version]?.includes(name));
}

/** Up to the last one that is written in JavaScript: several compilations in one process take two thirds of the time. */
const HAS_PROGRAMS = (version: number) => version < 7;

/** Compiles several configurations as `tsc -p` does each, and prints what it finds, as JSON by their names. */
const COMPILER = `
const [, , version, ...names] = process.argv;
const ts = require("ts" + version);
const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: ts.sys.getCurrentDirectory, getNewLine: () => "\\n" };
const found = {};
for (const name of names) {
  const { config, error } = ts.readConfigFile(name, ts.sys.readFile);
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, process.cwd());
  const all = [error, ...errors, ...ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options))].filter(Boolean);
  found[name] = ts.formatDiagnostics(all, host);
}
console.log(JSON.stringify(found));
`;

const compilerOf = ({ folder }: Project, version: string) => `${folder}/node_modules/ts${version}/bin/tsc`;

const configOf = (name: string) => `choice${Object.keys(CHOICES).indexOf(name)}.json`;

/** What a compiler finds with each choice. */
async function faultsOf(project: Project, version: string, names: readonly string[]): Promise<string[]> {
  if (HAS_PROGRAMS(Number(version))) {
    const printed = await project.run(process.execPath, ["compiler.cjs", version, ...names.map(configOf)]);
    const found: Record<string, string> = JSON.parse(printed);
    return names.filter((name) => found[configOf(name)] !== "").map((name) => `${name}: ${found[configOf(name)]}`);
  }
  const faults: string[] = [];
  for (const name of names) {
    const compile = project.run(process.execPath, [compilerOf(project, version), "-p", configOf(name)]);
    await compile.catch((error: Error) => faults.push(`${name}: ${error.message}`));
  }
  return faults;
}

/** The package's declarations with every TypeScript, and programs that must and must not compile. */
export async function inTypeScript(setting: Setting, tell: Tell): Promise<void> {
  const packages = VERSIONS.map((version) => `ts${version}@npm:typescript@${version}`);
  const configs = Object.entries(CHOICES).map(([name, { options, more = [] }]) => [
    configOf(name),
    JSON.stringify({
      compilerOptions: { strict: true, skipLibCheck: false, noEmit: true, ...options },
      files: ["losses.ts", "npy.ts", "formats.ts", ...more],
    }),
  ]);
  const project = await createProject(setting, "types", ["@types/node@20", ...packages], {
    ...FILES,
    "compiler.cjs": COMPILER,
    ...Object.fromEntries(configs),
  });
  for (const version of VERSIONS) {
    const names = choicesOf(version);
    tell(
      `TypeScript ${version}, ${names.length} choices of options`,
      await faultsOf(project, version, names).catch((error: Error) => [error.message]),
      "compiles what is right, and nothing else",
    );
  }
  await attempt(tell, `a program that TypeScript ${VERSIONS[0]} compiled`, async () => {
    const options = ["--module", "nodenext", "--target", "es2022", "--types", "node"];
    await project.run(process.execPath, [compilerOf(project, VERSIONS[0]), ...options, "main.ts"]);
    return JSON.parse(await project.run(process.execPath, ["main.js"]));
  });
}
