import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const axeScript = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe says against a page: rules that are violated, and those it can't decide. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeScript);
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return [...results.violations, ...results.incomplete].map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 100)}`);
}
