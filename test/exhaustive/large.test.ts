import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatNpyHeader } from "../../src/formats/npyHeader.ts";
import { main } from "../command.ts";
import { npy } from "../files.ts";

const folder = mkdtempSync(join(tmpdir(), "wasm-loss-large-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command line and says how much memory it took at most, in MB. */
function peak(...args: string[]): { megabytes: number; printed: Record<string, unknown> } {
  const script = `process.on("exit", () => process.stderr.write("peak " + process.resourceUsage().maxRSS));`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(script)}`, main, ...args, "--json"],
    { cwd: folder, encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  return { megabytes: Number(/peak (\d+)$/.exec(stderr)![1]) / 1024, printed: JSON.parse(stdout) };
}

test("4 GiB of float32 in at most 300 MB of memory", { timeout: 600_000 }, () => {
  // 2^30 logits of 0, that take no room on the disk, but for the first of each 1024th row: 1 there.
  const [rows, classes] = [2 ** 15, 2 ** 15];
  const file = openSync(join(folder, "large.npy"), "w");
  const header = formatNpyHeader(Float32Array, [rows, classes]);
  writeSync(file, header);
  for (let row = 0; row < rows; row += 1024) {
    writeSync(file, Float32Array.of(1), 0, 4, header.length + 4 * row * classes);
  }
  ftruncateSync(file, header.length + 4 * rows * classes);
  closeSync(file);
  writeFileSync(join(folder, "labels.npy"), npy(new Int32Array(rows), [rows]));
  const { megabytes, printed } = peak("evaluate", "large.npy", "labels.npy");
  const few = Math.log(classes - 1 + Math.E) - 1;
  const wanted = (32 * few + (rows - 32) * Math.log(classes)) / rows;
  const { loss, logitsPerSecond, ...rest } = printed as { loss: { mean: number }; logitsPerSecond: number };
  expect(Math.abs(loss.mean / wanted - 1)).toBeLessThan(1e-6);
  expect(rest).toMatchObject({ rows, classes, accuracy: 1 });
  console.log(`4 GiB: ${(logitsPerSecond / 1e6).toFixed(0)} M logits/s, at most ${megabytes.toFixed(0)} MB`);
  expect(megabytes).toBeLessThan(300);
});
