// Measure to its end, in the page in a frame beside.
import { expect, test } from "vitest";
import { button, cellsOf, load, PATIENCE_MILLISECONDS, text, until } from "./pageFrame.ts";

test(
  "each way is measured, and right",
  async () => {
    await load("measure");
    button("Measure").click();
    await until(() => text().includes("Measured."));
    const cases = cellsOf("Milliseconds a call");
    expect(cases.length).toBeGreaterThan(2);
    for (const [, loop, ...others] of cases) {
      expect(loop).toMatch(/^[\d.e-]+ \(1x\)$/);
      for (const it of others) expect(it).toMatch(/^[\d.e-]+ \([\d.e-]+x\)$/);
    }
  },
  3 * PATIENCE_MILLISECONDS,
);
