/**
 * `npm run test:addloss`: makes the edits of docs/adding-a-loss.md in a copy of the project. The suites must pass there, and
 * fail once the formula is another one in JavaScript only, or in AssemblyScript only.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "wasm-loss-addloss-"));
const MOST_FILES = 5;

const read = (name: string) => readFileSync(join(copy, name), "utf8");
const write = (name: string, text: string) => writeFileSync(join(copy, name), text);

// ------------------------------------------------------------------------------------------------------- the document

interface Edit {
  file: string;
  /** A part of the line that the text goes above or below; at the end where there is none. */
  place: { where: "above" | "below"; line: string } | undefined;
  text: string;
}

const document = readFileSync(join(root, "docs/adding-a-loss.md"), "utf8");

/** `In FILE, above LINE:`, or `below LINE:` or `at the end:`, and a block of code; without a file it is the one before. */
function editsOf(document: string): Edit[] {
  const edits: Edit[] = [];
  const pattern = /^(?:In `([^`]+)`, )?(?:(above|below) `([^`]+)`|at the end):\n\n```ts\n([\s\S]*?)^```$/gm;
  for (const [, file, where, line, text] of document.matchAll(pattern)) {
    const place = where ? { where: where as "above" | "below", line } : undefined;
    edits.push({ file: file ?? edits.at(-1)?.file, place, text });
  }
  return edits;
}

function apply({ file, place, text }: Edit): void {
  if (!place) {
    write(file, `${read(file)}\n${text}`);
    return;
  }
  const lines = read(file).split("\n");
  // above a line that is nothing else, below one that has the words
  const { where, line: wanted } = place;
  const at = lines.findIndex((line) => (where === "above" ? line === wanted : line.includes(wanted)));
  if (at < 0) throw new Error(`${file} has no line "${wanted}"`);
  lines.splice(where === "above" ? at : at + 1, 0, text.trimEnd());
  write(file, lines.join("\n"));
}

const edits = editsOf(document);
const blocks = document.split("```ts").length - 1;
const name = /name: "(\w+)"/.exec(edits[0].text)![1];
/** The last step is a command and the file it writes. */
const [, script, written] = /^`npx tsx ([^`]+)` writes it into `([^`]+)`/m.exec(document)!;

// -------------------------------------------------------------------------------------------------------------- the copy

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 28 });
  return { ok: status === 0, stdout, said: `${stdout}\n${stderr}`.trim().split("\n").slice(-30).join("\n") };
}

/** What is no part of the project. */
const LEFT = ["node_modules", ".git", "dist", "build", "generated"];

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((name) => !name.split(sep).some((part) => LEFT.includes(part)));

const sameIn = (name: string) => readFileSync(join(root, name)).equals(readFileSync(join(copy, name)));

const SUITES = ["elementwise", "kernels", "contract"].map((suite) => `test/${suite}.test.ts`);

/** The suites that loop over the list, for this loss alone: how many tests passed and failed. */
function suites(): { passed: number; failed: number; said: string } {
  const { stdout, said } = run("npx", "vitest", "run", ...SUITES, "-t", `\\b${name}\\b`, "--reporter=json");
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"num')));
  return { passed: report.numPassedTests, failed: report.numFailedTests, said };
}

let failures = 0;
function tell(what: string, ok: boolean, said = ""): void {
  if (!ok) failures++;
  console.log(`${ok ? "ok  " : "FAIL"}  ${what}${ok ? "" : `\n${said}`}`);
}

function build(what: string, command = ["npm", "run", "build"]): void {
  const { ok, said } = run(command[0], ...command.slice(1));
  tell(`${what}: builds`, ok, said);
}

/** With the formula of one language changed the suites must fail, and for that reason. */
function spoil(language: string, file: string, from: RegExp, to: string, command?: string[]): void {
  const text = read(file);
  const begin = text.indexOf(edits.find((edit) => edit.file === file)!.text.trim());
  const own = text.slice(begin);
  const spoilt = own.replace(from, to);
  tell(`${language}: there is a formula to spoil`, begin >= 0 && spoilt !== own);
  write(file, text.slice(0, begin) + spoilt);
  build(`${language} spoilt`, command);
  const { passed, failed, said } = suites();
  tell(`${language} spoilt: ${failed} tests fail, ${passed} pass`, failed > 0 && passed > 0, said);
  write(file, text);
}

try {
  cpSync(root, copy, { recursive: true, filter: (path) => !LEFT.includes(basename(path)) });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

  tell(`all of the document's ${blocks} blocks are edits`, edits.length === blocks);
  const touched = new Set([...edits.map(({ file }) => file), written]);
  for (const edit of edits) apply(edit);
  const { ok, said } = run("npx", "tsx", script);
  tell(`${script} runs`, ok, said);
  const changed = filesOf(copy).filter((name) => !sameIn(name));
  tell(
    `files that changed: ${changed.join(", ")}`,
    changed.length <= MOST_FILES && changed.every((name) => touched.has(name)),
  );

  build(name);
  const lint = run("npm", "run", "lint");
  tell("lint", lint.ok, lint.said);
  const lists = run("npx", "vitest", "run", "test/lists.test.ts", "test/readme.test.ts");
  tell("oracle, bench and README have it", lists.ok, lists.said);
  const { passed, failed, said: told } = suites();
  tell(`${passed} tests of ${name} pass`, passed > 50 && failed === 0, told);

  spoil("JavaScript", "src/descriptions/elementwise.ts", /loss: "(.*)"/, 'loss: "round(0.75 * $1)"');
  // of the module that is compared with JavaScript alone
  const rebuild = ["npx", "tsx", "test/mutants/rebuild.ts", "module", "strict"];
  const negated = "$1v128.neg<T>($2);";
  spoil("AssemblyScript", "assembly/elementwise/losses.ts", /(@inline loss[^}]*return )(.*);/, negated, rebuild);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
