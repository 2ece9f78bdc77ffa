/** `npm start`: builds what has changed, then runs the example, which says how long it took. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
for (const script of ["scripts/build.ts", "examples/digits.ts"]) {
  const { status, error } = spawnSync(process.execPath, ["--import", "tsx", script], { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
