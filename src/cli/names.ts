import { readFileSync } from "node:fs";
import { FormatError } from "../formats/error.ts";
import type { NameOf } from "./classificationTable.ts";
import { oneLine } from "./text.ts";

/** Names of the classes, one a line of a file; without a file their numbers. */
export function namesOf(path: string | undefined, classes: number): NameOf {
  if (path === undefined) return String;
  const lines = readFileSync(path, "utf8")
    .replace(/^\ufeff/, "")
    .split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length !== classes) {
    throw new FormatError(`${path}: ${lines.length} names, one a line, but there are ${classes} classes`);
  }
  return (label) => oneLine(lines[label]);
}
