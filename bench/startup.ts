/**
 * `tsx bench/startup.ts`: milliseconds from createLosses() to an engine of one thread, of the built package: the first in a
 * fresh process, after the import; and the median of fifty in a warm one. Five processes, the median of each figure.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROCESSES = 5;
const CALLS = 50;

const SCRIPT = `
const begin = performance.now();
const { createLosses } = await import(process.argv[1]);
const imported = performance.now();
(await createLosses()).close();
const first = performance.now();
const warm = [];
for (let i = 0; i < ${CALLS}; i++) {
  const start = performance.now();
  (await createLosses()).close();
  warm.push(performance.now() - start);
}
warm.sort((a, b) => a - b);
console.log(JSON.stringify({ import: imported - begin, first: first - imported, warm: warm[${CALLS / 2}] }));
`;

const library = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const runs: Record<string, number>[] = Array.from({ length: PROCESSES }, () =>
  JSON.parse(execFileSync(process.execPath, ["--input-type=module", "--eval", SCRIPT, library], { encoding: "utf8" })),
);
for (const name of ["import", "first", "warm"]) {
  const values = runs.map((run) => run[name]).sort((a, b) => a - b);
  console.log(`${name.padEnd(7)} ${values[Math.floor(PROCESSES / 2)].toFixed(1)} ms (${values[0].toFixed(1)} at best)`);
}
