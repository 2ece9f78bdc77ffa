import { pageScript } from "../pageScript.ts";
import type { Line } from "../tables.ts";
import { json } from "../text.ts";
import type { Cell, Panel, Table } from "./panel.ts";
import { plotting } from "./plotting.ts";
import { STYLE } from "./style.ts";

/** One of the figures that stand large at the top. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly more: string;
}

export interface Page {
  readonly title: string;
  /** What was evaluated, in a line. */
  readonly subtitle: string;
  /** What must not be overlooked. */
  readonly warnings: readonly string[];
  readonly tiles: readonly Tile[];
  readonly figures: readonly Line[];
  readonly panels: readonly Panel[];
  /** When, by what and of what it was computed. */
  readonly origin: readonly Line[];
  /** The numbers, for programs: the JSON of `id="evaluation"`. */
  readonly data: unknown;
}

const escapeHtml = (raw: string) =>
  raw.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);

/** JSON that ends no script. */
const embedded = (value: unknown) => json(value).trim().replaceAll("<", "\\u003c");

function cellHtml(cell: Cell): string {
  if (typeof cell === "string") return escapeHtml(cell);
  if ("heat" in cell) {
    // at most 0.85, so that text stands out in the dark, too
    const opacity = Math.round(85 * cell.heat) / 100;
    return `<span class="heat"><svg aria-hidden="true"><rect width="100%" height="100%" fill-opacity="${opacity}"/></svg><span>${escapeHtml(cell.text)}</span></span>`;
  }
  const width = Math.round(1000 * Math.min(1, Math.max(0, cell.share))) / 10;
  return `<span class="measure"><svg aria-hidden="true"><rect width="${width}%" height="14" rx="3"/></svg><span>${escapeHtml(cell.text)}</span></span>`;
}

function tableHtml({ head, rows }: Table, label: string): string {
  const names = head.map((it) => `<th scope="col">${escapeHtml(it)}</th>`).join("");
  const lines = rows.map(([first, ...rest]) => {
    const cells = rest.map((cell) => `<td>${cellHtml(cell)}</td>`).join("");
    return `<tr><th scope="row">${cellHtml(first)}</th>${cells}</tr>`;
  });
  // may be wider than a phone: then it scrolls, by keyboard too
  return `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(label)}"><table class="numbers"><thead><tr>${names}</tr></thead><tbody>${lines.join("")}</tbody></table></div>`;
}

function panelHtml({ id, title, note, charts, table }: Panel): string {
  const plots = charts.map(
    (chart) => `<div class="plot" id="${chart.id}"><div class="tip" aria-hidden="true" hidden></div></div>`,
  );
  const numbers = tableHtml(table, `${title}, in numbers`);
  const shown = charts.length === 0 ? numbers : `<details><summary>In numbers</summary>${numbers}</details>`;
  const body = table.rows.length === 0 ? "<p>No rows.</p>" : `${plots.join("")}${shown}`;
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escapeHtml(title)}</h2><p>${escapeHtml(note)}</p>${body}</section>`;
}

function tileHtml({ name, value, unit, more }: Tile): string {
  const small = unit === undefined ? "" : ` <small>${escapeHtml(unit)}</small>`;
  return `<div><dt>${escapeHtml(name)}</dt><dd class="value">${escapeHtml(value)}${small}</dd><dd class="more">${escapeHtml(more)}</dd></div>`;
}

/** So that a line of the command breaks between arguments, where it can. */
const argumentHtml = (arg: string) => `<span>${escapeHtml(arg)}</span>`;

function linesHtml(id: string, title: string, lines: readonly Line[]): string {
  const rows = lines.map(([name, value]) => {
    const text =
      name === "command" ? `<code>${value.split(" ").map(argumentHtml).join(" ")}</code>` : escapeHtml(value);
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${text}</td></tr>`;
  });
  return `<section aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><table id="${id}"><tbody>${rows.join("")}</tbody></table></section>`;
}

/** The figures and the plots' places. There is no style attribute in it, which a strict Content-Security-Policy would ignore. */
export function contentHtml({ tiles, figures, panels, origin }: Page): string {
  const figuresHtml = linesHtml("figures", "All figures", figures);
  const originHtml = linesHtml("origin", "How it was computed", origin);
  const plots = panels.map(panelHtml);
  // two columns of like heights
  const sections = plots.length > 1 ? [figuresHtml, ...plots, originHtml] : [figuresHtml, originHtml, ...plots];
  return `<dl class="tiles">${tiles.map(tileHtml).join("")}</dl>
<div class="panels">
${sections.join("\n")}
</div>`;
}

/** One self-contained page that loads nothing: the figures, the plots, drawn by uPlot, and the numbers themselves. */
export function pageHtml(page: Page): string {
  const { title, subtitle, warnings, panels, data } = page;
  const { script, style, version } = plotting();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(subtitle)}</p>
${warnings.map((it) => `<p class="warn">${escapeHtml(it)}</p>`).join("\n")}
</header>
<main>
${contentHtml(page)}
</main>
<footer>Made by wasm-loss. Plots by uPlot ${escapeHtml(version)}, MIT licence, copyright Leon Sorokin.</footer>
<script type="application/json" id="evaluation">${embedded(data)}</script>
<script type="application/json" id="charts">${embedded(panels.flatMap(({ charts }) => charts))}</script>
<script>${script}</script>
<script type="module">${pageScript()}</script>
</body>
</html>
`;
}
