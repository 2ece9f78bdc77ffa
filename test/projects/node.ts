import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { installEngines, NODES } from "../engines/packages.ts";
import { attempt, createProject, printing, type Setting, type Tell } from "./project.ts";

/** Node requires ES modules since 22.12. */
const REQUIRES = 22;

const COMMONJS = {
  "package.json": '{ "private": true, "type": "commonjs" }\n',
  "required.js": `
const { createLosses } = require("wasm-loss");
const { openNpy } = require("wasm-loss/npy");
const alone = require("wasm-loss/losses");
const { availableParallelism } = require("node:os");
const { faultsOf } = require("./program.mjs");
const wanted = require("./wanted.mjs").default;
faultsOf(createLosses, wanted, availableParallelism()).then((faults) => {
  if (typeof openNpy !== "function") faults.push("wasm-loss/npy has no openNpy");
  if (typeof alone.createLosses !== "function") faults.push("wasm-loss/losses has no createLosses");
  console.log(JSON.stringify(faults));
});
`,
  "imported.js": `
const { availableParallelism } = require("node:os");
(async () => {
  const { createLosses } = await import("wasm-loss");
  const { faultsOf } = await import("./program.mjs");
  const { default: wanted } = await import("./wanted.mjs");
  console.log(JSON.stringify(await faultsOf(createLosses, wanted, availableParallelism())));
})();
`,
};

/** ES modules and CommonJS, in this Node and those that come as packages. */
export async function inNode(setting: Setting, tell: Tell): Promise<void> {
  installEngines();
  const modules = await createProject(setting, "modules", [], { "main.js": printing() });
  const commonjs = await createProject(setting, "commonjs", [], COMMONJS);
  for (const [name, node] of Object.entries({ Node: process.execPath, ...NODES })) {
    if (!existsSync(node)) {
      tell(`${name}`, [], "skipped, it is not installed");
      continue;
    }
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    const faultsOf = async (it: typeof modules, file: string) => JSON.parse(await it.run(node, [file]));
    await attempt(tell, `Node ${version}, import`, () => faultsOf(modules, "main.js"));
    await attempt(tell, `Node ${version}, import() of CommonJS`, () => faultsOf(commonjs, "imported.js"));
    if (Number.parseInt(version.slice(1), 10) < REQUIRES) continue;
    await attempt(tell, `Node ${version}, require`, () => faultsOf(commonjs, "required.js"));
  }
}
