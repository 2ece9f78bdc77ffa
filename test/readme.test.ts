import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kernelTable } from "../scripts/kernelTable.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

test("the table of kernels is the code's", () => {
  expect(readme).toContain(kernelTable());
});

test("the two commands", () => {
  expect(readme).toContain("npm install && npm start");
  expect(readme).toContain("npm install && npm test");
});

test("every npm script that the README names exists", () => {
  const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(Object.keys(manifest.scripts), name).toContain(name);
});

test("the usage example computes what it says", async () => {
  const block = /```js\n(import \{ createLosses \}[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(block).not.toBe("");
  const lines = [...block.matchAll(/console\.log\((.*)\);\s*\/\/ (.*)$/gm)];
  expect(lines.length).toBeGreaterThan(2);
  const { createLosses } = await import("../src/index.node.ts");
  const printed: string[] = [];
  const body = block.replace(/^import .*$/m, "").replaceAll(/console\.log\(/g, "print(");
  const run = new Function("createLosses", "print", `return (async () => { ${body} })()`);
  await run(createLosses, (...values: unknown[]) => printed.push(values.join(" ")));
  expect(printed).toEqual(lines.map(([, , comment]) => comment.trim()));
});
