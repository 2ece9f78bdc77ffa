/** `npm run test:browsers`: the suites in the browsers that are installed; says what is not, and fails where one fails. */
import { pages } from "./bundle.ts";
import { BROWSERS, type Browser, chromium } from "./launch.ts";
import { checkPage } from "./page.ts";
import { pageFiles } from "./pageFiles.ts";
import { checkReports } from "./report.ts";
import { type PageServer, serve } from "./server.ts";
import type { Outcome } from "./suite.ts";

const KERNELS = ["kernels", "elementwise", "semantics", "gradients", "errors", "bits"];
/** How long a page may say nothing. */
const PATIENCE_MILLISECONDS = 600_000;

interface Page {
  folder: "plain" | "isolated" | "policy" | (typeof POLICIES | typeof FRAMED)[number];
  where: "main" | "worker" | "frame";
  suites: string;
  threads: 1 | 2;
  overrides?: true;
}

const POLICIES = ["isolated", "self", "wasm", "noWorker", "blobWorker", "trusted"] as const;
/** What they refuse a page's report is among. */
const FRAMED = ["offline", "sandbox"] as const;

function pagesOf({ name, shares }: Browser): Page[] {
  if (!shares) {
    return [
      // a page each: memory that JavaScriptCore has not collected slows down what comes later
      ...KERNELS.map((suites): Page => ({ folder: "isolated", where: "main", suites, threads: 1 })),
      { folder: "plain", where: "main", suites: "threads,readers", threads: 1 },
      { folder: "isolated", where: "main", suites: "page,otherTabs", threads: 1 },
    ];
  }
  return [
    { folder: "isolated", where: "main", suites: `${KERNELS.join()},threads`, threads: 2 },
    // the engine is that of the page, and there it ran them all: what differs is how one waits for threads
    { folder: "isolated", where: "worker", suites: "bits,errors,threads", threads: 2 },
    { folder: "plain", where: "main", suites: "semantics,threads", threads: 1 },
    { folder: "plain", where: "worker", suites: "threads,readers", threads: 1 },
    { folder: "isolated", where: "main", suites: "readers", threads: 1 },
    { folder: "policy", where: "main", suites: "threads", threads: 2, overrides: true },
    { folder: "policy", where: "worker", suites: "threads", threads: 2, overrides: true },
    { folder: "isolated", where: "main", suites: "frames", threads: 2 },
    // Chromium measures to the end where a person does
    {
      folder: "isolated",
      where: "main",
      suites: name === "Chromium" ? "page,otherTabs" : "page,otherTabs,measureTab",
      threads: 2,
    },
    { folder: "plain", where: "main", suites: "page", threads: 1 },
    ...POLICIES.map((folder): Page => ({ folder, where: "main", suites: "files", threads: 2 })),
    ...FRAMED.map((folder): Page => ({ folder, where: "frame", suites: "files", threads: 2 })),
  ];
}

async function outcomeOf(server: PageServer, browser: Browser, page: Page): Promise<Outcome> {
  const { folder, where, suites, threads, overrides } = page;
  const search = `?suites=${suites}&threads=${threads}${overrides ? "&overrides" : ""}&folder=${folder}&page=${browser.name}-${folder}-${where}`;
  let timer: NodeJS.Timeout | undefined;
  let last = "its start";
  let giveUp = (_body: string): void => {};
  const late = new Promise<string>((resolve) => {
    giveUp = resolve;
  });
  function wait(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const failures = [`no sign of life in ${PATIENCE_MILLISECONDS / 1000} s after ${last}`];
      giveUp(JSON.stringify({ passed: 0, failures, about: "" }));
    }, PATIENCE_MILLISECONDS);
  }
  wait();
  const reported = server.report(search, (name) => {
    last = name;
    wait();
  });
  const opened = where === "frame" ? "isolated" : folder;
  const close = browser.open(`${server.address}/${opened}/${where}.html${search}`);
  try {
    return JSON.parse(await Promise.race([reported, late]));
  } finally {
    clearTimeout(timer);
    await close();
  }
}

const only = new RegExp(process.argv[2] ?? ".");
const server = await serve(new Map([...(await pages("suite.ts")), ...(await pageFiles())]));
let failed = 0;
try {
  for (const browser of BROWSERS) {
    if (browser.version === undefined) {
      console.log(`${browser.name}: skipped, it is not installed`);
      continue;
    }
    console.log(browser.version);
    for (const page of pagesOf(browser)) {
      const name = `${browser.name}, ${page.folder}, ${page.where}, ${page.suites}`;
      if (!only.test(name)) continue;
      const begin = performance.now();
      const { passed, failures, about } = await outcomeOf(server, browser, page);
      const seconds = ((performance.now() - begin) / 1000).toFixed(0);
      const bad = failures.length > 0 || passed === 0;
      console.log(
        `  ${bad ? "FAIL" : "ok"}  ${page.folder}, ${page.where}: ${passed} tests passed, ${failures.length} failed (${about}; ${page.suites}; ${seconds} s)`,
      );
      for (const failure of failures.slice(0, 20)) console.log(`    ${failure}`);
      if (bad) failed++;
    }
  }
} finally {
  server.close();
}
for (const [title, check] of [
  ["reports of the command line", checkReports],
  ["the page, by a person in Chromium", checkPage],
] as const) {
  if (chromium === undefined || !only.test(title)) continue;
  console.log(title);
  for (const [name, failures] of await check(chromium)) {
    console.log(`  ${failures.length > 0 ? "FAIL" : "ok"}  ${name}`);
    for (const failure of failures.slice(0, 20)) console.log(`    ${failure}`);
    if (failures.length > 0) failed++;
  }
}
if (failed > 0) process.exitCode = 1;
