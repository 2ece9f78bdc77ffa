/** Reports in Chromium: axe finds nothing, nothing scrolls sideways, both schemes are drawn, the keyboard reaches all. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { writeNpy } from "../../src/formats/npy.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";
import { violations } from "./axe.ts";
import { fits, isDrawnIn, says } from "./plots.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** The narrowest phones, usual ones, a tablet, a desktop. */
const WIDTHS = [320, 390, 820, 1280];
const SCHEMES = ["light", "dark"] as const;

/** Reports by name, written into a folder; canvases that each one has. */
function writeReports(folder: string): [name: string, canvases: number][] {
  const random = mulberry32(6);
  const save = (name: string, rows: number, classes: number) => {
    const x = logitsOf(random, "float32", rows, classes) as Float32Array;
    writeNpy(join(folder, `${name}X.npy`), x, [rows, classes]);
    writeNpy(join(folder, `${name}Y.npy`), labelsOf(random, rows, classes), [rows]);
    return x;
  };
  const evaluate = (name: string, ...more: string[]) =>
    execFileSync(
      process.execPath,
      [main, "evaluate", `${name}X.npy`, `${name}Y.npy`, "--report", `${name}.html`, ...more],
      {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
  save("digits", 400, 10);
  evaluate("digits", "--worst", "5");
  save("language", 30, 50257);
  evaluate("language", "--per-class", "--worst", "3");
  const broken = save("broken", 40, 12);
  broken[5] = Number.NaN;
  writeNpy(join(folder, "brokenX.npy"), broken, [40, 12]);
  evaluate("broken", "--worst", "2");
  save("none", 0, 3);
  evaluate("none");
  const right = save("right", 20, 10).fill(0);
  writeNpy(join(folder, "rightX.npy"), right, [20, 10]);
  writeNpy(join(folder, "rightY.npy"), new Uint8Array(20), [20]);
  evaluate("right");
  const t = Float32Array.from({ length: 3000 }, () => 100 * random());
  writeNpy(
    join(folder, "regressionX.npy"),
    t.map((it) => 0.9 * it + 10 * random()),
    [3000],
  );
  writeNpy(join(folder, "regressionY.npy"), t, [3000]);
  evaluate("regression", "--loss", "mse");
  return [
    ["digits", 4],
    ["language", 4],
    ["broken", 4],
    ["none", 0],
    ["right", 4],
    ["regression", 1],
  ];
}

const openDetails = (page: Page) =>
  page.evaluate(() => {
    for (const it of document.querySelectorAll("details")) it.open = true;
  });

async function checkLooks(browser: Browser, url: string, canvases: number): Promise<string[]> {
  const failures: string[] = [];
  for (const colorScheme of SCHEMES) {
    for (const width of WIDTHS) {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      const expect = (ok: boolean, what: string) => {
        if (!ok) failures.push(`${width} px, ${colorScheme}: ${what}`);
      };
      page.on("pageerror", (error) => expect(false, error.message));
      page.on("request", (request) => expect(request.url() === url, `loads ${request.url()}`));
      await page.goto(url);
      const labels = await page.locator("canvas[role=img][aria-label]").count();
      expect(labels === canvases, `${labels} labelled canvases, but ${canvases} are expected`);
      await openDetails(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(beyond <= 0, `scrolls sideways by ${beyond} px`);
      expect(await fits(page), "a plot is cut off");
      if (width === 390 || width === 1280) for (const it of await violations(page)) expect(false, `axe: ${it}`);
      await page.close();
    }
  }
  return failures;
}

async function checkUse(browser: Browser, url: string): Promise<string[]> {
  const failures: string[] = [];
  const expect = (ok: boolean, what: string) => {
    if (!ok) failures.push(what);
  };
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await page.goto(url);
  expect(await isDrawnIn(page, "--bar"), "bars are not drawn in their colour");
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await isDrawnIn(page, "--bar"), "bars are not drawn in their colour after a change to dark");
  await page.setViewportSize({ width: 390, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `scrolls sideways by ${wide} px when the window gets narrow`);
  expect(await fits(page), "a plot is cut off when the window gets narrow");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.textContent);
  expect(first === "In numbers", `the first key goes to ${first}`);
  await page.keyboard.press("Enter");
  expect(await page.locator("details[open] table").first().isVisible(), "a plot's numbers don't open by keyboard");
  await page.locator("#reliability .u-over").hover();
  expect(
    await says(page, "#reliability .tip", /^[\d.]+ % confident, [\d.]+ % right, [\d,]+ rows?$/),
    `the pointer tells ${await page.locator("#reliability .tip").textContent()}`,
  );
  await page.close();
  return failures;
}

/** What is wrong, a line each, by the name of the report. */
export async function checkReports(executablePath: string): Promise<Map<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-reports-"));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  try {
    const outcome = new Map<string, string[]>();
    const urlOf = (name: string) => pathToFileURL(join(folder, `${name}.html`)).href;
    for (const [name, canvases] of writeReports(folder))
      outcome.set(name, await checkLooks(browser, urlOf(name), canvases));
    outcome.set("keys, pointer and a change of scheme", await checkUse(browser, urlOf("digits")));
    return outcome;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}
