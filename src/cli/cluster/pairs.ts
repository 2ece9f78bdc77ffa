import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../arguments.ts";

/** Files that a pattern means, in the order of the numbers in their names: * and ? stand for letters of the file's name. */
function filesOf(pattern: string): string[] {
  const name = basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const source = name.replace(/[\\^$.*+?()[\]{}|]/g, (c) => (c === "*" ? "[^/]*" : c === "?" ? "[^/]" : `\\${c}`));
  const matches = new RegExp(`^${source}$`);
  const folder = dirname(pattern);
  const collator = new Intl.Collator("en", { numeric: true });
  const found = readdirSync(folder).filter(
    (file) => matches.test(file) && (!file.startsWith(".") || name.startsWith(".")),
  );
  if (found.length === 0) throw new UsageError(`${pattern}: no file is called so`);
  return found.sort(collator.compare).map((file) => join(folder, file));
}

/** Pairs of logits and labels of two patterns, in order. */
export function pairsOf(logits: string, labels: string): [logits: string, labels: string][] {
  const [xs, ys] = [filesOf(logits), filesOf(labels)];
  if (xs.length !== ys.length) {
    throw new UsageError(`${logits} are ${xs.length} files, but ${labels} ${ys.length}`);
  }
  return xs.map((x, i) => [x, ys[i]]);
}
