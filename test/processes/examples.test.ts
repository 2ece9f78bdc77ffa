import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

// The examples check what comes of them themselves, and fail where it is too little.

const root = fileURLToPath(new URL("../..", import.meta.url));

function printed(example: string): string {
  const options = { cwd: root, encoding: "utf8" as const };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", `examples/${example}`], options);
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

/** Lines of a plot in the terminal: a number, the axis, the curve. */
const plotted = (text: string) => text.split("\n").filter((line) => /^ *-?\d+\.\d\d ?[┤┼]/.test(line));

describe("examples", () => {
  test("one layer, by plain descent and by Adam", () => {
    const found = /^plain descent +(\S+) +(\S+)$[\s\S]*^adam +(\S+) +(\S+)$/m.exec(printed("digits.ts"));
    const [, loss, accuracy, adamLoss, adamAccuracy] = found!.map(Number);
    expect(adamLoss).toBeLessThan(loss);
    expect(Math.min(accuracy, adamAccuracy)).toBeGreaterThanOrEqual(0.88);
  });

  test("two layers, with a plot of the loss", () => {
    const text = printed("network.ts");
    expect(plotted(text).length).toBeGreaterThan(10);
    expect(Number(/accuracy (\S+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(0.94);
  });

  test("lines for three quantiles, with a plot", () => {
    const text = printed("quantiles.ts");
    expect(plotted(text).length).toBeGreaterThan(10);
    const shares = [...text.matchAll(/^0\.\d+ .* (0\.\d+)$/gm)].map((line) => Number(line[1]));
    expect(shares).toHaveLength(3);
    for (const [i, quantile] of [0.1, 0.5, 0.9].entries()) expect(Math.abs(shares[i] - quantile)).toBeLessThan(0.02);
  });
});
