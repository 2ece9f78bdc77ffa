/** What the page's digests are compared with: the workload in this Node, and the engines of docs/accuracy.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { bundle } from "../test/browsers/bundle.ts";
import type { Line } from "../test/engines/workload.ts";
import { kept } from "./kept.ts";

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

/** What the workload's script comes to. */
async function lineOf(script: string): Promise<Line> {
  const file = await kept("reference.json", script, async (to) => {
    const { line } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
    writeFileSync(to, JSON.stringify(line));
  });
  return JSON.parse(readFileSync(file, "utf8"));
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
