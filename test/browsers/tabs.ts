/** The tabs One answer and Measure in Chromium, as a person uses them: at the same time, for each takes a minute. */
import type { Browser, Page } from "playwright-core";
import type { Served } from "../../scripts/servePage.ts";
import { violations } from "./axe.ts";

const PATIENCE = { timeout: 600_000 };

/** Cells of a table's rows, the head's first. */
const cellsOf = (page: Page, table: string) =>
  page
    .locator(`${table} tr`)
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((it) => it.textContent ?? "")));

/** Whether axe finds nothing in the outcome, and it fits a phone. */
async function looks(page: Page): Promise<string[]> {
  const found = await violations(page);
  await page.setViewportSize({ width: 390, height: 800 });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return [...found, ...(beyond > 0 ? [`scrolls sideways by ${beyond} px`] : [])];
}

/** The bits of this browser are those of the table of engines, function by function. */
async function checkAnswer(page: Page): Promise<string[]> {
  const failures: string[] = [];
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByText("Compared.", { exact: true }).waitFor(PATIENCE);
  const verdict = (await page.locator("#panel-answer .verdict, #panel-answer .failure").first().textContent()) ?? "";
  if (!/^One answer: [\d,]{6,} results of \d{2,} functions have the same bits here as elsewhere\.$/.test(verdict)) {
    failures.push(verdict);
  }
  const engines = await cellsOf(page, "[aria-label='Digests of engines'] table");
  const own = engines.filter(([engine]) => engine === "this browser");
  const others = engines.filter(([engine]) => /Node|Firefox|Safari|WebKit|Deno|Bun/.test(engine));
  if (own.length < 3 || !own.every(([, , digest]) => /^[0-9a-f]{8,}, equal$/.test(digest)) || others.length < 3) {
    failures.push(`the table of engines is ${JSON.stringify(engines)}`);
  }
  await page.getByText("Function by function", { exact: true }).click();
  const [head, ...functions] = await cellsOf(page, "[aria-label='Digests function by function'] table");
  const differing = functions.filter(
    (cells) => cells.length !== own.length + 2 || cells.slice(2).some((it) => it !== "equal"),
  );
  if (head.length !== own.length + 2 || !verdict.includes(`of ${functions.length} functions`) || differing.length > 0) {
    failures.push(`of ${functions.length} functions these differ: ${JSON.stringify(differing)}`);
  }
  return [...failures, ...(await looks(page))];
}

/** Each way is measured and right, and the copy says what the table does. */
async function checkMeasure(page: Page): Promise<string[]> {
  const failures: string[] = [];
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  await page.getByText("Measured.", { exact: true }).waitFor(PATIENCE);
  const shown = await cellsOf(page, "[aria-label='Milliseconds a call'] table");
  const [[, ...ways], ...cases] = shown;
  for (const way of ["good loop", "js", "wasm"]) if (!ways.includes(way)) failures.push(`no column of ${way}`);
  for (const [title, loop, ...others] of cases) {
    if (!/^[\d.e-]+ \(1x\)$/.test(loop) || !others.every((it) => /^[\d.e-]+ \([\d.e-]+x\)$/.test(it))) {
      failures.push(`${title}: ${[loop, ...others].join(", ")}`);
    }
  }
  await page.bringToFront();
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await page.getByText("Copied.", { exact: true }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  const copied = rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((it) => it.trim()),
  );
  copied.splice(1, 1);
  if (JSON.stringify(copied) !== JSON.stringify(shown)) failures.push(`${text} is copied of ${JSON.stringify(shown)}`);
  if (!/^Chrome [\d.]+ .*, \d+ cores$/m.test(text)) failures.push(`the copy does not say where: ${text}`);
  return [...failures, ...(await looks(page))];
}

export async function checkTabs(browser: Browser, { address }: Served): Promise<string[]> {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  try {
    const failures = await Promise.all(
      (
        [
          ["answer", checkAnswer],
          ["measure", checkMeasure],
        ] as const
      ).map(async ([tab, check]) => {
        const page = await context.newPage();
        await page.goto(`${address}#${tab}`);
        return (await check(page)).map((it) => `${tab}: ${it}`);
      }),
    );
    return failures.flat();
  } finally {
    await context.close();
  }
}
