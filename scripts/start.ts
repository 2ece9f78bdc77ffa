/** `npm start`: builds what is missing or older than its sources, then runs the example; both say how long they took. */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const sources = [
  "assembly",
  "src",
  "scripts/build.ts",
  "asconfig.json",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];
/** Written by the build itself. */
const generated = join("src", "generated");

const built = Math.min(modified("dist/index.js"), modified("dist/cli/main.js"));
if (Math.max(...sources.map(newest)) > built) {
  const begin = performance.now();
  run("npm", "run", "build");
  console.log(`Built in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
}
run(process.execPath, "--import", "tsx", "examples/digits.ts");

/** When a file, or the newest file below a folder, was last changed; 0 if there is none. */
function newest(path: string): number {
  if (path === generated) return 0;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return modified(path);
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(command: string, ...args: string[]): void {
  // npm is a .cmd on Windows, which only a shell can run.
  const { status, error } = spawnSync(command, args, {
    stdio: "inherit",
    shell: command === "npm" && process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
