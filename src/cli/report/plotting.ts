import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The plotting library with its licence, which its script alone does not carry. */
export function plotting(): { script: string; style: string; version: string } {
  const folder = dirname(require.resolve("uplot/package.json"));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const licence = `/*!\nuPlot ${version}\n\n${read("LICENSE").trim()}\n*/\n`;
  return { version, style: read("dist/uPlot.min.css"), script: licence + read("dist/uPlot.iife.min.js") };
}
