import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Rooms of src/ from the bottom up: a file imports from its own room's files or from rooms further down. */
const ORDER: readonly (readonly string[])[] = [
  ["dtype", "nearest", "tensorLike"],
  ["check", "numeric"],
  ["descriptions"],
  ["generated", "kernels"],
  ["memory"],
  ["module", "backends"],
  ["api", "evaluate"],
  ["losses"],
  ["engine", "faces"],
  ["everything"],
  ["createLosses"],
  ["inlinedLosses"],
  ["formats"],
  ["cluster"],
  ["cli", "exportedLosses"],
  ["exports"],
  ["index.browser", "index.losses", "index.node"],
];

const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name).replaceAll("\\", "/"));

/** The room of a file of src/: its folder, or its own name. */
const roomOf = (file: string) => file.split("/")[1].replace(/\.ts$/, "");

const levelOf = (room: string) => ORDER.findIndex((rooms) => rooms.includes(room));

/** What each file imports, read once. */
const known = new Map<string, string[]>();

/** What a file imports of the project, as paths from the root. */
function importsOf(file: string): string[] {
  const imports = known.get(file) ?? readImports(file);
  known.set(file, imports);
  return imports;
}

function readImports(file: string): string[] {
  const source = readFileSync(join(root, file), "utf8");
  return [...source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) => {
    const target = relative(root, join(root, dirname(file), path)).replaceAll("\\", "/");
    return target.endsWith(".ts") ? target : `${target}.ts`;
  });
}

test.each(filesIn("src"))("%s imports downwards", (file) => {
  const level = levelOf(roomOf(file));
  expect(level, `${roomOf(file)} has no place in the order`).toBeGreaterThanOrEqual(0);
  for (const target of importsOf(file)) {
    expect(target.startsWith("src/"), `${file} imports ${target}`).toBe(true);
    const below = roomOf(target) === roomOf(file) || levelOf(roomOf(target)) <= level;
    expect(below, `${file} imports ${target}`).toBe(true);
  }
});

test.each([...filesIn("src"), ...filesIn("assembly")])("%s is not part of a ring of imports", (file) => {
  const seen = new Set<string>();
  const last = new Set<string>();
  const visit = (at: string): void => {
    for (const target of importsOf(at)) {
      // one expectation in the end: half a million of them took seconds
      if (target === file) last.add(at);
      if (!seen.has(target)) {
        seen.add(target);
        visit(target);
      }
    }
  };
  visit(file);
  expect([...last], `files through which ${file} imports itself`).toEqual([]);
});

test("the oracle imports nothing of the library", () => {
  for (const target of importsOf("test/oracle.ts")) expect(target.startsWith("test/")).toBe(true);
});

test("no result goes through a Math function that differs between engines", () => {
  const inexact = /Math\.(exp|expm1|log|log1p|log2|log10|pow|tanh|sinh|cosh|sin|cos|tan|cbrt|hypot)\b|\*\*/;
  for (const folder of ["src/kernels", "src/numeric", "src/api", "src/backends", "src/memory", "assembly"]) {
    for (const file of filesIn(folder)) {
      const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      // powers of two of literals are folded exactly, and stand in constants only
      const powers = code.replace(/\b2 \*\* -?\d+/g, "");
      expect(inexact.exec(powers)?.[0], file).toBe(undefined);
    }
  }
});
