import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { holdsSecrets, withoutSecrets } from "../../formats/addresses/address.ts";
import { filesInBucket } from "../../formats/addresses/bucket.ts";
import { isAddress, isInBucket } from "../../formats/addresses/schemes.ts";
import { UsageError } from "../arguments.ts";

/** Whether a text is a pattern; ? begins the query of an address. */
const isPattern = (text: string) => (isAddress(text) ? /\*/ : /[*?]/).test(isAddress(text) ? text : basename(text));

/** Names that a pattern means: * and ? stand for letters of one folder's names. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (c) => (c === "*" ? "[^/]*" : c === "?" ? "[^/]" : `\\${c}`));
  const expression = new RegExp(`^${source}$`);
  return (name) => expression.test(name);
}

/** Whole addresses and absolute paths that a pattern means, in the order of the numbers in their names. */
async function filesOf(pattern: string): Promise<string[]> {
  const all = await candidatesOf(pattern);
  const matches = matcher(isAddress(pattern) ? pattern : basename(pattern));
  const found = all.filter((file) => matches(isAddress(file) ? file : basename(file)));
  if (found.length === 0) throw new UsageError(`${pattern}: no file is called so`);
  return found.sort(new Intl.Collator("en", { numeric: true }).compare);
}

async function candidatesOf(pattern: string): Promise<string[]> {
  if (isInBucket(pattern)) return filesInBucket(pattern.slice(0, pattern.indexOf("*")));
  if (isAddress(pattern)) throw new UsageError(`${pattern}: patterns are of files and of s3:// alone`);
  const folder = resolve(dirname(pattern));
  const shown = readdirSync(folder).filter((file) => !file.startsWith(".") || basename(pattern).startsWith("."));
  return shown.map((file) => join(folder, file));
}

/** The files that a path, an address or a pattern means, as any machine may be told of them. */
async function named(text: string): Promise<string[]> {
  if (text === "-") throw new UsageError("standard input is of one machine: files must have names");
  if (holdsSecrets(text)) {
    const what = "everybody who reads Redis would see a user, a password or a query";
    throw new UsageError(`${withoutSecrets(text)}: ${what}: keys are of each machine's environment`);
  }
  if (isPattern(text)) return filesOf(text);
  return [isAddress(text) ? text : resolve(text)];
}

/** Files that go together: the first ones of all patterns, the second ones, and so on. */
export async function togetherOf(patterns: readonly string[]): Promise<string[][]> {
  const lists: string[][] = [];
  for (const pattern of patterns) lists.push(await named(pattern));
  const [first = []] = lists;
  const other = lists.findIndex((list) => list.length !== first.length);
  if (other >= 0) {
    throw new UsageError(`${patterns[0]} are ${first.length} files, but ${patterns[other]} ${lists[other].length}`);
  }
  return first.map((_, i) => lists.map((list) => list[i]));
}
