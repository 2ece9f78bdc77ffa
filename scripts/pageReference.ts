/** What the page's digests are compared with: the workload in this Node, and the engines of docs/accuracy.md. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "../test/browsers/bundle.ts";
import type { Line } from "../test/engines/workload.ts";

const COLUMNS = ["engine", "backends, threads", "digest"].join(" | ");

/** The rows of a table in Markdown, by the line of its heads. */
function rowsOf(markdown: string, heads: string): string[][] {
  const lines = markdown.split("\n");
  const begin = lines.indexOf(`| ${heads} |`);
  if (begin < 0) throw new Error(`no table has the heads ${heads}`);
  const rest = lines.slice(begin + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end).map((line) => line.slice(2, -2).split(" | "));
}

/** What the workload's script comes to: it takes half a minute, so it is kept in build/ until the script changes. */
async function lineOf(script: string): Promise<Line> {
  const key = createHash("sha256").update(script).digest("hex").slice(0, 16);
  const kept = fileURLToPath(new URL(`../build/reference-${key}.json`, import.meta.url));
  if (!existsSync(kept)) {
    const { line } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
    writeFileSync(kept, JSON.stringify(line));
  }
  return JSON.parse(readFileSync(kept, "utf8"));
}

export async function referenceOf(accuracy: string) {
  const line = await lineOf(await bundle("../engines/reference.ts"));
  const known = rowsOf(readFileSync(accuracy, "utf8"), COLUMNS);
  return {
    engine: `Node ${process.versions.node}`,
    digest: line.digest,
    entries: line.entries,
    known: known.map(([engine, runs, digest]) => ({ engine, runs, digest })),
  };
}
