import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Evaluation } from "../evaluate/evaluation.ts";
import { printable } from "./printable.ts";
import { evaluationLines, type Run, worstCells } from "./tables.ts";
import { json } from "./text.ts";
import type { WorstRow } from "./worst.ts";

const require = createRequire(import.meta.url);

/** A file of the plotting library, or of this folder, as it is put into the page. */
function text(path: string): string {
  return readFileSync(path, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
}

const escapeHtml = (raw: string) =>
  raw.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);

const cells = (row: readonly string[], tag = "td") =>
  `<tr>${row.map((it) => `<${tag}>${escapeHtml(it)}</${tag}>`).join("")}</tr>`;

const STYLE = `
:root { font: 15px/1.45 system-ui, sans-serif; color: #1c2330; background: #f4f5f8 }
body { max-width: 1080px; margin: 0 auto; padding: 28px 20px }
h1 { font-size: 22px; margin: 0 } h2 { font-size: 15px; margin: 0 0 8px }
.files { color: #667; margin: 2px 0 20px; overflow-wrap: anywhere }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 16px }
section { background: #fff; border: 1px solid #dfe3ea; border-radius: 8px; padding: 14px 16px; overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { padding: 3px 10px 3px 0; border-bottom: 1px solid #eceff4; text-align: left; font-weight: normal }
th { color: #667 } section td:first-child { color: #667; white-space: nowrap }
.u-legend { font-size: 12px }
`;

function worstSection(worst: readonly WorstRow[] | undefined): string {
  if (worst === undefined) return "";
  const [head, ...rows] = worstCells(worst);
  return `<section><h2>Rows with the highest loss</h2><table>${cells(head, "th")}${rows.map((row) => cells(row)).join("")}</table></section>`;
}

/**
 * One self-contained page: the table, the plots and the numbers themselves, as the JSON of `id="evaluation"`. The plots are
 * drawn by uPlot, which is part of the page.
 */
export function htmlReport(title: string, evaluation: Evaluation, run?: Run, worst?: readonly WorstRow[]): string {
  const library = text(require.resolve("uplot/dist/uPlot.iife.min.js"));
  const style = text(require.resolve("uplot/dist/uPlot.min.css"));
  const page = readFileSync(new URL("./reportPage.js", import.meta.url), "utf8").replace(
    /^\/\/# sourceMappingURL=.*$/m,
    "",
  );
  const data = json(printable(evaluation)).trim().replaceAll("<", "\\u003c");
  const lines = evaluationLines(evaluation, run);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>wasm-loss: ${escapeHtml(title)}</title>
<style>${style}${STYLE}</style>
</head>
<body>
<h1>Evaluation</h1>
<p class="files">${escapeHtml(title)}</p>
<main>
<section><h2>Figures</h2><table id="figures">${lines.map((line) => cells(line)).join("")}</table></section>
<section><h2>Row losses</h2><div id="losses"></div></section>
<section><h2>Reliability: accuracy by confidence</h2><div id="reliability"></div></section>
<section><h2>Share of rows whose label is among the k largest</h2><div id="top"></div></section>
<section><h2 id="class-loss-title">Loss of each class</h2><div id="class-loss"></div></section>
<section><h2>Accuracy of each class</h2><div id="class-accuracy"></div></section>
${worstSection(worst)}
</main>
<script type="application/json" id="evaluation">${data}</script>
<script>${library}</script>
<script type="module">${page}</script>
</body>
</html>
`;
}
