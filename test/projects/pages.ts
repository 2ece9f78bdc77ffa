import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BROWSERS } from "../browsers/launch.ts";
import { serve } from "../browsers/server.ts";
import type { Project } from "./project.ts";

const PATIENCE_MILLISECONDS = 120_000;
const [CHROMIUM] = BROWSERS;

/** Why no page is opened, where none is. */
export const whyNotOpened =
  CHROMIUM.version === undefined ? "bundled; not opened, Chromium is not installed" : undefined;

/** A script of pages: it posts the faults of what it computes to where the page came from. */
export const REPORTING = `
import { createLosses } from "wasm-loss";
import { faultsOf } from "./program.mjs";
import wanted from "./wanted.mjs";

faultsOf(createLosses, wanted, navigator.hardwareConcurrency)
  .catch((error) => [String(error?.stack ?? error)])
  .then((faults) => fetch("report" + location.search, { method: "POST", body: JSON.stringify(faults) }));
`;

export const page = (script: string) =>
  `<!doctype html><title>wasm-loss</title><script type="module" src="${script}"></script>\n`;

/** What the page of a folder reports: nothing but the folder is served, isolated, so that there are threads. */
export async function faultsOfFolder(folder: string): Promise<string[]> {
  const server = await serve(filesOf(folder));
  try {
    return await reported(server.report("?files"), `${server.address}/isolated/index.html?files`);
  } finally {
    server.close();
  }
}

/** What the page reports that a script of a project serves; the script prints its address, and is told where reports go. */
export async function faultsOfScript(project: Project, script: string): Promise<string[]> {
  const server = await serve(new Map());
  const child = spawn(process.execPath, [script, `${server.address}/isolated`], {
    cwd: project.folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const address = await firstLineOf(child);
    return await reported(server.report("?script"), `${address}index.html?script`);
  } finally {
    child.kill();
    server.close();
  }
}

async function firstLineOf(child: ChildProcess): Promise<string> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the server ended with ${code}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout!), "line"), ended]);
  return line;
}

/** Opens Chromium at an address until the report is there. */
async function reported(report: Promise<string>, address: string): Promise<string[]> {
  const close = CHROMIUM.open(address);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no report in ${PATIENCE_MILLISECONDS / 1000} s`);
    timer = setTimeout(() => reject(error), PATIENCE_MILLISECONDS);
  });
  try {
    return JSON.parse(await Promise.race([report, late]));
  } finally {
    clearTimeout(timer);
    await close();
  }
}

/** The files below a folder, by their paths from it. */
function filesOf(folder: string): Map<string, Uint8Array> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [path.slice(folder.length + 1).replaceAll("\\", "/"), readFileSync(path)];
    }),
  );
}
