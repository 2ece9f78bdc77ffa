import type { ChangedRow, Comparison, Spread } from "../../evaluate/comparison/comparison.ts";
import { changedCells, comparisonLines } from "../comparisonTable.ts";
import { digits, percent, type Run, runLines } from "../tables.ts";
import type { Bar } from "./chart.ts";
import { type Making, originLines } from "./origin.ts";
import { pageHtml } from "./page.ts";
import type { Panel } from "./panel.ts";
import { type Subject, subtitle } from "./subject.ts";
import { counted, grouped, short } from "./words.ts";

/** Bars of the histogram of differences; values beyond 99 % on either side go to the outermost. */
const BARS = 41;
const WITHIN = 0.99;

/** How far from 0 the bars go: as far as nearly all finite differences. */
function reachOf(bins: NonNullable<Comparison["lossDifferences"]>): number {
  const sizes = bins
    .map(({ from, to, count }) => ({ size: Math.abs((from + to) / 2), count }))
    .filter(({ size }) => Number.isFinite(size))
    .sort((a, b) => a.size - b.size);
  const all = sizes.reduce((sum, { count }) => sum + count, 0);
  let before = 0;
  const last = sizes.find(({ count }) => {
    before += count;
    return before >= WITHIN * all;
  });
  return last && last.size > 0 ? last.size : 1;
}

function differences({ lossDifferences: bins = [], counted: rows }: Comparison): Panel | undefined {
  if (bins.length === 0) return undefined;
  const reach = reachOf(bins);
  const width = (2 * reach) / BARS;
  const counts = new Array<number>(BARS).fill(0);
  for (const { from, to, count } of bins) {
    const middle = from === to ? from : Number.isFinite(from + to) ? (from + to) / 2 : from < 0 ? -reach : reach;
    counts[Math.max(0, Math.min(BARS - 1, Math.floor((middle + reach) / width)))] += count;
  }
  const named = (i: number) => {
    if (i === 0) return `below ${short(width - reach)}`;
    return i === BARS - 1
      ? `${short(reach - width)} and more`
      : `${short(i * width - reach)} to ${short((i + 1) * width - reach)}`;
  };
  const bars = counts.map((count, i): Bar => {
    const tip = `${named(i)}: ${counted(count, "row")}`;
    return { from: i * width - reach, to: (i + 1) * width - reach, value: count, tip };
  });
  const highest = Math.max(...counts);
  return {
    id: "differences-panel",
    title: "By how much the loss of the rows changed",
    note: "Right of 0 the compared model is worse. Differences beyond 99 % of the rows are in the outermost bars.",
    charts: [
      {
        id: "differences",
        height: 250,
        label: `Histogram of the differences of the losses of ${counted(rows, "row")}; the fullest bar has ${grouped(highest)}.`,
        x: { label: "loss less that of the base (nats)", min: -reach, max: reach },
        y: { label: "rows", min: 0, max: highest * 1.05 || 1 },
        bars,
      },
    ],
    table: {
      head: ["difference", "rows", "share"],
      rows: counts.flatMap((count, i) => (count === 0 ? [] : [[named(i), grouped(count), percent(count / rows, 1)]])),
    },
  };
}

function spread(id: string, title: string, note: string, it: Spread | undefined, text: (x: number) => string): Panel[] {
  if (it === undefined) return [];
  const rows = Object.entries(it.percentiles)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([at, { value, bound }]) => [at, text(value), text(bound)]);
  const ends = [["minimum", text(it.minimum), text(0)], ...rows, ["maximum", text(it.maximum), text(0)]];
  return [{ id, title, note, charts: [], table: { head: ["percentile", "value", "within"], rows: ends } }];
}

function changed(id: string, title: string, rows: readonly ChangedRow[] | undefined): Panel[] {
  if (rows === undefined || rows.length === 0) return [];
  const [head, ...cells] = changedCells(rows);
  return [
    { id, title, note: "Rows are counted from 0; Q is the compared model.", charts: [], table: { head, rows: cells } },
  ];
}

interface ComparisonReport {
  readonly subject: Subject;
  readonly making: Making;
  readonly comparison: Comparison;
  readonly run?: Run;
}

/** The page of --report of a comparison. */
export function comparisonReport({ subject, making, comparison, run }: ComparisonReport): string {
  const { divergence, probabilityChange: change, perplexityRatio, sameTop } = comparison;
  const histogram = differences(comparison);
  return pageHtml({
    title: `Comparison of ${subject.of}`,
    subtitle: subtitle(
      subject,
      `${counted(comparison.rows, "row")} of ${counted(comparison.classes, "class", "classes")}`,
    ),
    warnings: comparison.nonFinite === 0 ? [] : [`${counted(comparison.nonFinite, "row")} without a finite loss.`],
    tiles: [
      {
        name: "Mean KL divergence",
        value: digits(divergence.mean.value, 4),
        unit: "nats",
        more: `± ${digits(divergence.mean.error, 2)}`,
      },
      ...(perplexityRatio
        ? [
            {
              name: "Perplexity ratio",
              value: digits(perplexityRatio.value, 5),
              more: `± ${digits(perplexityRatio.error, 2)}`,
            },
          ]
        : []),
      { name: "Same top class", value: percent(sameTop.value), more: `± ${digits(100 * sameTop.error, 2)} %` },
      ...(change
        ? [{ name: "RMS change of probability", value: percent(change.rootMeanSquare.value), more: "of the label" }]
        : []),
    ],
    figures: comparisonLines(comparison),
    panels: [
      ...(histogram ? [histogram] : []),
      ...spread("divergence-panel", "Divergence of the rows", "In nats, by nearest rank.", divergence, (x) =>
        digits(x, 4),
      ),
      ...spread("change-panel", "Change of the label's probability", "Compared model less base.", change, (x) =>
        percent(x, 4),
      ),
      ...changed("worse-panel", "Rows whose loss grew most", comparison.worse),
      ...changed("better-panel", "Rows whose loss fell most", comparison.better),
    ],
    origin: originLines(making, runLines(run, "logits")),
    data: comparison,
  });
}
