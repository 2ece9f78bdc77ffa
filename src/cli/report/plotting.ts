import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/**
 * uPlot makes itself a format of numbers in the browser's language when it is loaded. Where the locale is C or POSIX, WebKitGTK
 * says that its language is "C", which is none: uPlot would not be there. The axes of reports have texts of their own.
 */
const LANGUAGE =
  'try{new Intl.NumberFormat(navigator.language)}catch{Object.defineProperty(navigator,"language",{value:"en-US"})}\n';

/** The plotting library with its licence, which its script alone does not carry. */
export function plotting(): { script: string; style: string; version: string } {
  const folder = dirname(require.resolve("uplot/package.json"));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const licence = `/*!\nuPlot ${version}\n\n${read("LICENSE").trim()}\n*/\n`;
  return { version, style: read("dist/uPlot.min.css"), script: licence + LANGUAGE + read("dist/uPlot.iife.min.js") };
}
