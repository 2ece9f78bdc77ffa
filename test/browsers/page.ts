/** The page in Chromium: axe finds nothing, no width scrolls sideways, a huge file streams, nothing is asked for behind the load. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { POLICY } from "../../scripts/buildPage.ts";
import { type Served, servePage } from "../../scripts/servePage.ts";
import { formatNpyHeader } from "../../src/formats/npyHeader.ts";
import { violations } from "./axe.ts";
import { fits } from "./plots.ts";
import { checkTabs } from "./tabs.ts";

const built = fileURLToPath(new URL("../../build/page", import.meta.url));

const WIDTHS = [360, 390, 820, 1280];
const SCHEMES = ["light", "dark"] as const;
const TABS = ["Evaluate", "One answer", "Measure", "Train"];
/** 150 KB, of 1024 bytes as everywhere here. */
const MOST_LOADED_BYTES = 150 * 1024;

/** 2 GiB of zeros, which take no place on the disk. */
const HUGE_ROWS = 2 ** 19;
const HUGE_CLASSES = 1024;

type Expect = (ok: boolean, what: string) => void;

function expecting(): [string[], Expect] {
  const failures: string[] = [];
  return [failures, (ok, what) => void (ok || failures.push(what))];
}

/** An npy file of zeros. */
function sparse(path: string, type: typeof Float32Array | typeof Uint8Array, shape: readonly number[]): void {
  const header = formatNpyHeader(type, shape);
  const file = openSync(path, "w");
  writeSync(file, header);
  ftruncateSync(file, header.length + shape.reduce((a, b) => a * b) * type.BYTES_PER_ELEMENT);
  closeSync(file);
}

const done = (page: Page) => page.getByText("Done: the report is below.").waitFor({ timeout: 300_000 });

/** Done, and all plots are drawn: the last one takes a turn of its own. */
async function drawn(page: Page): Promise<void> {
  await done(page);
  await page.waitForFunction(() => document.querySelectorAll("canvas").length === 4);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

async function tryDigits(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Try the digits" }).click();
  await drawn(page);
}

async function checkLooks(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  for (const colorScheme of SCHEMES) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
    page.on("pageerror", (error) => expect(false, error.message));
    page.on("console", (message) => expect(message.type() !== "error", message.text()));
    await page.goto(address);
    await tryDigits(page);
    await page.getByText("Options", { exact: true }).click();
    for (const tab of TABS.toReversed()) {
      await page.getByRole("tab", { name: tab }).click();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(beyond <= 0, `${tab}, ${width} px, ${colorScheme}: scrolls sideways by ${beyond} px`);
        expect(await fits(page), `${tab}, ${width} px, ${colorScheme}: a plot is cut off`);
        if (width !== 390 && width !== 1280) continue;
        for (const it of await violations(page)) expect(false, `${tab}, ${width} px, ${colorScheme}: axe: ${it}`);
      }
    }
    await page.close();
  }
  return failures;
}

/** By keyboard alone: from tab to tab, and to the digits. */
async function checkKeys(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  const page = await browser.newPage();
  await page.goto(address);
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  expect((await focused()) === "Evaluate", `the first key goes to ${await focused()}`);
  await page.keyboard.press("ArrowLeft");
  expect((await focused()) === "Train" && page.url().endsWith("#train"), `an arrow goes to ${await focused()}`);
  await page.reload();
  expect(
    await page.getByRole("heading", { name: "Train on handwritten digits" }).isVisible(),
    "a tab is lost by a reload",
  );
  await page.getByRole("tab", { name: "Train" }).focus();
  await page.keyboard.press("ArrowRight");
  for (let i = 0; i < 10 && (await focused()) !== "Try the digits"; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await done(page);
  await page.close();
  return failures;
}

/** What could not be loaded is asked for again; a cancel is heard while the digits are fetched. */
async function checkNetwork(browser: Browser, { address }: Served): Promise<string[]> {
  const page = await browser.newPage();
  let isDown = true;
  await page.route("**/measure.js", (route) => (isDown ? route.abort() : route.continue()));
  await page.goto(`${address}#measure`);
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  await page.getByText("measure.js could not be loaded", { exact: true }).waitFor();
  isDown = false;
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  await page.getByText(/\d %, .*left/).waitFor();
  await page.getByRole("tab", { name: "Evaluate" }).click();
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route("**/digits/labels.npy", async (route) => {
    answer();
    await held;
    await route.continue();
  });
  await page.getByRole("button", { name: "Try the digits" }).click();
  await asked;
  await page.getByRole("button", { name: "Cancel" }).click();
  go();
  await page.getByRole("tabpanel", { name: "Evaluate" }).getByText("Cancelled.").waitFor();
  await page.close();
  return [];
}

/** What is asked for, and how much of it: nothing of the user's, and nothing when the page has loaded but its digits. */
async function checkRequests(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  const page = await browser.newPage();
  let asked: string[] = [];
  page.context().on("request", (request) => {
    const url = request.url().replace(address, "");
    if (request.method() !== "GET" || request.postData() !== null) expect(false, `${request.method()} ${url}`);
    // the threads of the engine, made by the page itself
    if (!url.startsWith("blob:")) asked.push(url);
  });
  await page.goto(address, { waitUntil: "networkidle" });
  const bytes = [...new Set(asked)]
    .map((name) => gzipSync(readFileSync(join(built, name || "index.html")), { level: 9 }).length)
    .reduce((a, b) => a + b, 0);
  console.log(`    ${bytes} bytes are loaded, gzipped`);
  expect(bytes <= MOST_LOADED_BYTES, `loads ${bytes} bytes`);
  asked = [];
  await tryDigits(page);
  const expected = ["digits/labels.npy", "digits/logits.npy"];
  expect(String(asked.toSorted()) === String(expected), `asks for ${asked}`);
  asked = [];
  const files = ["logits.npy", "labels.npy"].map((name) => join(built, "digits", name));
  await page
    .getByRole("button", { name: /^Remove/ })
    .first()
    .click();
  await page
    .getByRole("button", { name: /^Remove/ })
    .first()
    .click();
  await page.locator("#files").setInputFiles(files);
  await page.getByRole("button", { name: "Evaluate", exact: true }).click();
  await done(page);
  expect(asked.length === 0, `with files of the user it asks for ${asked}`);
  await page.close();
  return failures;
}

/** Resident memory of this process's descendants, bytes. */
function residentBytes(): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      parents.set(Number(name), Number(parent));
      resident.set(Number(name), 4096 * Number(readFileSync(`/proc/${name}/statm`, "utf8").split(" ")[1]));
    } catch {
      // has ended meanwhile
    }
  }
  const isOurs = (id: number | undefined): boolean => id === process.pid || (!!id && isOurs(parents.get(id)));
  return [...resident].reduce((sum, [id, bytes]) => sum + (id !== process.pid && isOurs(id) ? bytes : 0), 0);
}

/** Memory grows by so much at most, however busy the machine is: by 129 to 143 MiB where each core had five tasks. */
const MOST_GROWN_BYTES = 2 ** 29;

/** A file of 2 GiB is streamed, and its report is drawn: of a model that is right in each row, by the same loss. */
async function checkHugeFile(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-huge-"));
  try {
    sparse(join(folder, "logits.npy"), Float32Array, [HUGE_ROWS, HUGE_CLASSES]);
    sparse(join(folder, "labels.npy"), Uint8Array, [HUGE_ROWS]);
    await evaluateHugeFile(browser, address, folder, expect);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return failures;
}

async function evaluateHugeFile(browser: Browser, address: string, folder: string, expect: Expect): Promise<void> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => expect(false, error.message));
  await page.goto(address);
  await page.evaluate(() => {
    const blocked: number[] = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) blocked.push(Math.round(duration));
    }).observe({ type: "longtask" });
    Object.assign(globalThis, { blocked });
  });
  await page.locator("#files").setInputFiles([join(folder, "labels.npy"), join(folder, "logits.npy")]);
  const before = residentBytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes());
  }, 200);
  const begin = performance.now();
  await page.getByRole("button", { name: "Evaluate", exact: true }).click();
  await drawn(page);
  clearInterval(timer);
  const seconds = (performance.now() - begin) / 1000;
  const blocked = await page.evaluate(() => (globalThis as unknown as { blocked: number[] }).blocked);
  console.log(
    `    2 GiB in ${seconds.toFixed(1)} s; memory grew by ${((most - before) / 2 ** 20).toFixed(0)} MiB; tasks of the page over 50 ms: ${blocked.join(", ") || "none"}`,
  );
  expect(most - before < MOST_GROWN_BYTES, `memory grew by ${most - before} bytes`);
  const loss = await page.locator(".tiles .value").first().textContent();
  expect(loss === `${Number(Math.log(HUGE_CLASSES).toPrecision(4))} nats`, `the loss is ${loss}`);
  await page.close();
}

async function checkTwoTabs(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  const context = await browser.newContext();
  const pages = [await context.newPage(), await context.newPage()];
  await Promise.all(pages.map((page) => page.goto(address)));
  await Promise.all(pages.map((page) => tryDigits(page)));
  const figures = await Promise.all(pages.map((page) => page.locator("#figures").textContent()));
  expect(figures[0] === figures[1], `two tabs say ${figures.join(" and ")}`);
  await context.close();
  return failures;
}

async function checkTraining(browser: Browser, { address }: Served): Promise<string[]> {
  const [failures, expect] = expecting();
  const page = await browser.newPage();
  await page.goto(`${address}#train`);
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText("Trained.", { exact: true }).waitFor({ timeout: 300_000 });
  const accuracy = await page.locator("#panel-train tbody tr:nth-child(2) td:last-child").textContent();
  await page.goto(address);
  await tryDigits(page);
  const tile = await page.locator(".tiles .value").nth(2).textContent();
  expect(accuracy === tile, `Adam reads ${accuracy} here, but ${tile} where the page was built`);
  await page.close();
  return failures;
}

/** What is wrong, a line each, by what was tried. */
export async function checkPage(executablePath: string): Promise<Map<string, string[]>> {
  const headers = { "Content-Security-Policy": POLICY };
  const served = await servePage(built, { port: 0, base: "/below/a/path/", headers });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  try {
    const outcome = new Map<string, string[]>();
    for (const [name, check] of [
      ["looks, in four widths and both schemes, and axe", checkLooks],
      ["keys and a reload", checkKeys],
      ["a network that fails, and a cancel meanwhile", checkNetwork],
      ["requests and bytes", checkRequests],
      ["a file of 2 GiB", checkHugeFile],
      ["two tabs", checkTwoTabs],
      ["training", checkTraining],
      ["one answer, and measuring", checkTabs],
    ] as const) {
      outcome.set(name, await check(browser, served).catch((error: Error) => [error.message.split("\n")[0]]));
    }
    return outcome;
  } finally {
    await browser.close();
    served.close();
  }
}
