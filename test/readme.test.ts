import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { documents } from "../scripts/docTables.ts";
import * as exported from "../src/index.node.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

const inDocs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ...inDocs.map((it) => `docs/${it}`)];

const readme = textOf("README.md");
const manifest = JSON.parse(textOf("package.json"));

test("the README has at most 12 KB", () => {
  expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(12 * 1024);
});

test.each(documents())("the tables in $file are the code's: npx tsx scripts/docTables.ts writes them", (it) => {
  expect(it.now).toBe(it.fresh);
});

test("the two commands, and how to install", () => {
  expect(readme).toContain("npm install && npm start");
  expect(readme).toContain("npm install && npm test");
  expect(readme).toContain("npm install wasm-loss\n");
});

test("the README names every function", async () => {
  const losses = await exported.createLosses({ backend: "js" });
  const own = Object.entries(losses).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
  losses.close();
  expect(own).toContain("mse");
  // a loss with its gradient goes by the name of the loss
  const names = [...own.map((name) => name.replace(/WithGrad$/, "")), ...Object.keys(exported)];
  for (const name of names) expect(readme, name).toMatch(new RegExp(`\\b${name}\\b`));
});

test.each(DOCUMENTS)("%s links to files that exist", (file) => {
  const links = [...textOf(file).matchAll(/\]\((?![a-z]+:)([^)#]+)/g)].map(([, path]) => join(dirname(file), path));
  for (const path of links) expect(existsSync(join(root, path)), path).toBe(true);
});

test.each(DOCUMENTS)("every npm script that %s names exists", (file) => {
  for (const [, name] of textOf(file).matchAll(/npm run ([\w:]+)/g)) {
    expect(Object.keys(manifest.scripts), name).toContain(name);
  }
});

test("the usage example computes what it says", async () => {
  const block = /```js\n(import \{ createLosses \}[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(block).not.toBe("");
  const lines = [...block.matchAll(/console\.log\((.*)\);\s*\/\/ (.*)$/gm)];
  expect(lines.length).toBeGreaterThan(2);
  const printed: string[] = [];
  const body = block.replace(/^import .*$/m, "").replaceAll(/console\.log\(/g, "print(");
  const run = new Function("createLosses", "print", `return (async () => { ${body} })()`);
  await run(exported.createLosses, (...values: unknown[]) => printed.push(values.join(" ")));
  expect(printed).toEqual(lines.map(([, , comment]) => comment.trim()));
});

test("the state that docs/state-format.md takes apart is the evaluator's", async () => {
  const block = /state:begin -->\s*```\n([\s\S]*?)```/.exec(textOf("docs/state-format.md"))?.[1] ?? "";
  const hex = block
    .split("\n")
    .map((line) => line.split(/ {3}/)[0])
    .join(" ")
    .replace(/\((\d+) x (\w\w)\)/g, (_, times, byte) => byte.repeat(times))
    .replaceAll(" ", "");
  const losses = await exported.createLosses();
  const evaluator = losses.evaluator({ classes: 2, topK: [1], bins: 1 });
  evaluator.add(Float32Array.of(1000, 0), Int32Array.of(0));
  expect(Buffer.from(evaluator.state()).toString("hex")).toBe(hex);
  losses.close();
});
