import { markdownTable } from "markdown-table";
import { engineName } from "../standIns/engineName.ts";
import type { Measured } from "../workers/measure.ts";
import { namesOf, textOf } from "./texts.ts";

/** The table, what its numbers are, and where they were measured, to be pasted. */
export function markdownOf({ cases, notes }: Omit<Measured, "markdown">): string {
  const names = namesOf(cases);
  const table = markdownTable(
    [["ms a call, float32", ...names], ...cases.map(({ title, ways }) => [title, ...ways.map(textOf)])],
    { align: ["l", ...names.map(() => "r")], padding: false },
  );
  const what =
    "In parentheses: how many times as fast as the loop. Data lies in the engine's memory; every result was checked first.";
  return [table, "", what, "", `${engineName()}, ${navigator.hardwareConcurrency} cores`, ...notes, ""].join("\n");
}
