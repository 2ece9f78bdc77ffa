import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { LAYOUTS, type Layout, type Region } from "../src/descriptions/scratch.ts";
import { SCRATCH_BYTES } from "../src/memory/map.ts";

const assembly = fileURLToPath(new URL("../assembly", import.meta.url));

/** What is in use while a layout is. */
const inUse = ({ regions, beside }: Layout): Region[] => [...regions, ...(beside ? inUse(beside) : [])];

describe.each(LAYOUTS.map((layout) => [layout.file, layout] as const))("%s", (_, layout) => {
  const regions = inUse(layout).sort((a, b) => a.at - b.at);

  test("each region has a name of its own", () => {
    expect(new Set(regions.map(({ name }) => name)).size).toBe(regions.length);
  });

  test("no two regions overlap", () => {
    regions.slice(1).forEach(({ name, at }, i) => {
      const before = regions[i];
      expect(at, `${name} starts in ${before.name}`).toBeGreaterThanOrEqual(before.at + before.bytes);
    });
  });

  test("all regions lie in a thread's working memory, vectors at multiples of their size", () => {
    for (const { name, at, bytes } of regions) {
      expect(at, name).toBeGreaterThanOrEqual(0);
      expect(at + bytes, name).toBeLessThanOrEqual(SCRATCH_BYTES);
      expect(at % Math.min(bytes, 16), name).toBe(0);
    }
  });
});

test("layouts have files of their own", () => {
  expect(new Set(LAYOUTS.map(({ file }) => file)).size).toBe(LAYOUTS.length);
});

test("assembly/ knows places of scratch by name alone", () => {
  for (const name of readdirSync(assembly, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const code = readFileSync(join(assembly, name), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const added = /\bscratch\s*\+\s*\d/;
    const loaded = /\bload\w*(?:<\w+>)?\(scratch(?:, \d+)?\)/;
    // the last argument is a region's name
    const stored = /\bstore\w*(?:<\w+>)?\(scratch, (?![^;]*, [A-Z][A-Z_]*\);)[^;]*;/;
    const literal = [added, loaded, stored].map((place) => place.exec(code)?.[0]).find(Boolean);
    expect(literal, name).toBe(undefined);
  }
});
