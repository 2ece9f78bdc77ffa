/** The page as static files: bundles of page/, what a report carries, the digits. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { zlibAsync } from "@gfx/zopfli";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { MODULES, PACKAGES } from "../page/standIns/list.ts";
import { pageScript } from "../src/cli/pageScript.ts";
import { plotting } from "../src/cli/report/plotting.ts";
import { STYLE } from "../src/cli/report/style.ts";
import { cutModule } from "./cutModule.ts";
import { kept } from "./kept.ts";
import { writeDigits } from "./pageDigits.ts";
import { referenceOf } from "./pageReference.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = (name: string) => join(root, name);

/** Bundles a stand-in instead of each module that it stands for; a stand-in itself gets the module. */
export const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve }) {
    const folder = path("page/standIns");
    onResolve({ filter: /^node:.*$/ }, ({ path: name }) =>
      Object.hasOwn(PACKAGES, name) ? { path: join(folder, PACKAGES[name]) } : undefined,
    );
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path: name, resolveDir, importer }) => {
      const target = relative(path("src"), join(resolveDir, name)).replaceAll("\\", "/");
      if (!Object.hasOwn(MODULES, target) || dirname(importer) === folder) return undefined;
      return { path: join(folder, MODULES[target]) };
    });
  },
};

/** Strict: scripts, styles, workers and requests of the page's own folder alone; blob: for the workers of the engine's threads. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'";

/** The functions of the module that evaluations call. */
const OF_EVALUATIONS =
  /^(checkLabels|labelWeights|addExactly|extractSums|widen|evaluate|tally|regression|comparedRows|temperatureCurve|divergence)/;

/** Puts a module of evaluations alone where the package's is inlined. */
const cut: Plugin = {
  name: "cut",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\]generated[/\\]strict\.ts$/ }, async () => {
      const module = await cutModule(path("build/strict.wasm"), (name) => OF_EVALUATIONS.test(name));
      const text = Buffer.from(await zlibAsync(module, { numiterations: 15, blocksplittingmax: 0 })).toString("base64");
      return { contents: `export const STRICT = "${text}";`, loader: "ts" };
    });
  },
};

/** Of what the digits and their model depend on. */
const DIGITS = ["scripts/pageDigits.ts", "examples/mnist.ts", "examples/softmaxRegression.ts", "page/digits.ts"];

/** Workers that are started when their button is pressed, with the whole package. */
const WORKERS = ["answer", "measure", "train"];

/** Builds everything into a folder, which any static host can serve under any path. */
export async function buildPage(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const write = (name: string, data: string | Uint8Array) => writeFileSync(join(outdir, name), data);
  const { version } = JSON.parse(readFileSync(path("package.json"), "utf8"));
  const uPlot = plotting();
  const bundled: BuildOptions = {
    outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    splitting: true,
    minify: true,
    legalComments: "eof",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: {
      WASM_LOSS_VERSION: JSON.stringify(version),
      UPLOT_VERSION: JSON.stringify(uPlot.version),
      // as parseArgs calls it
      global: "globalThis",
    },
    logLevel: "warning",
  };
  // what is loaded with the page
  await build({
    ...bundled,
    entryPoints: { page: path("page/main.tsx"), evaluate: path("page/workers/evaluate.ts") },
    chunkNames: "shared/[name]-[hash]",
    plugins: [standIns, cut],
  });
  await build({
    ...bundled,
    entryPoints: Object.fromEntries(WORKERS.map((name) => [name, path(`page/workers/${name}.ts`)])),
    chunkNames: "whole/[name]-[hash]",
    alias: { vitest: path("test/browsers/vitest.ts") },
    define: { ...bundled.define, REFERENCE: JSON.stringify(await referenceOf(path("docs/accuracy.md"))) },
  });
  write("uPlot.js", uPlot.script);
  write("uPlot.css", uPlot.style);
  write("report.js", pageScript());
  write("report.css", STYLE);
  write("page.css", readFileSync(path("page/page.css"), "utf8"));
  write("icon.svg", readFileSync(path("page/icon.svg")));
  write("index.html", readFileSync(path("page/index.html"), "utf8").replace("%POLICY%", POLICY));
  const digits = DIGITS.map((name) => readFileSync(path(name), "utf8")).join();
  cpSync(await kept("digits", digits, writeDigits), join(outdir, "digits"), { recursive: true });
}
