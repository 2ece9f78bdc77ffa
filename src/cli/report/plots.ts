// Plots in a browser: those of a report's page, and of whatever else shows one.
import type UPlot from "uplot";
import type { Axis, Chart } from "./chart.ts";

/** A place in CSS pixels of the canvas. */
type Scale = "x" | "y";

/** A colour of the page, which depends on the scheme at the time. */
const colour = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

function textOf({ percent }: Axis, value: number | null): string {
  if (value === null) return "";
  if (percent) return `${Number((100 * value).toPrecision(6))} %`;
  const magnitude = Math.abs(value);
  if (magnitude >= 10_000) return value.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: 4 });
  return magnitude > 0 && magnitude < 1e-4 ? value.toExponential() : String(Number(value.toPrecision(6)));
}

/** 1, 2, 5, 10 and so on, or powers of ten, as many as there is room for; all digits where the axis is short. */
function logSplits({ min, max }: Axis, width: number): number[] {
  const first = Math.floor(Math.log10(min));
  const powers = Array.from({ length: Math.ceil(Math.log10(max)) - first + 1 }, (_, i) => first + i);
  const most = width / 60;
  const each = powers.length > most ? 2 : 1;
  const tens = powers.filter((n) => n % each === 0).map((n) => Number(`1e${n}`));
  const inside = (all: number[]) => all.filter((value) => value >= min && value <= max);
  const times = (digits: readonly number[]) => inside(powers.flatMap((n) => digits.map((k) => Number(`${k}e${n}`))));
  const finer = times([1, 2, 5]);
  if (finer.length < 3) return times([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  return finer.length <= most ? finer : inside(tens);
}

function axisOf(axis: Axis, size: number): UPlot.Axis {
  return {
    stroke: colour("--quiet"),
    font: FONT,
    labelFont: FONT,
    label: axis.label || undefined,
    labelSize: 18,
    labelGap: 2,
    size,
    gap: 4,
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1, size: 4 },
    values: (_, all) => all.map((value) => textOf(axis, value)),
    ...(axis.log ? { splits: (plot) => logSplits(axis, plot.width), filter: (_, all) => all } : {}),
  };
}

/** Rectangles from 0 up, each as wide as its range, half a pixel between them. */
function barsPath(bars: NonNullable<Chart["bars"]>): UPlot.Series.PathBuilder {
  return (plot) => {
    const fill = new Path2D();
    const at = (value: number, scale: Scale) => plot.valToPos(value, scale, true);
    for (const { from, to, value } of bars) {
      const [left, right, top] = [at(from, "x") + 0.5, at(to, "x") - 0.5, at(value, "y")];
      fill.rect(left, top, Math.max(1, right - left), at(0, "y") - top);
    }
    return { fill, stroke: null, clip: null, band: null, gaps: null, flags: 1 } as unknown as UPlot.Series.Paths;
  };
}

function drawDiagonal(plot: UPlot): void {
  const { ctx } = plot;
  const { min: low = 0, max: high = 1 } = plot.scales.x;
  const at = (value: number | null, scale: Scale) => plot.valToPos(value ?? 0, scale, true);
  ctx.save();
  ctx.strokeStyle = colour("--text")();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at(low, "x"), at(low, "y"));
  ctx.lineTo(at(high, "x"), at(high, "y"));
  ctx.stroke();
  ctx.restore();
}

/** The middle of a range, as it is seen on the axis. */
const middle = ({ log }: Axis, from: number, to: number) => (log ? Math.sqrt(from * to) : (from + to) / 2);

function draw(uPlot: typeof UPlot, chart: Chart): UPlot {
  const { x, y, bars, points = [], joined, diagonal, height } = chart;
  const target = document.getElementById(chart.id)!;
  target.style.height = `${height}px`;
  const tip = target.querySelector<HTMLElement>(".tip")!;
  const places = bars ? bars.map(({ from, to }) => middle(x, from, to)) : points.map((point) => point.x);
  const values = bars ? bars.map(({ value }) => value) : points.map((point) => point.y);
  const tips = (bars ?? points).map((it) => it.tip);
  const series: UPlot.Series = {
    stroke: colour("--mark"),
    width: joined ? 2 : 0,
    fill: bars && colour("--bar"),
    paths: bars ? barsPath(bars) : joined ? undefined : () => null,
    points: {
      show: !bars,
      size: joined ? 7 : 4,
      width: joined ? 2 : 1,
      stroke: colour("--mark"),
      fill: colour(joined ? "--box" : "--mark"),
    },
  };
  const plot = new uPlot(
    {
      width: target.clientWidth,
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: [x.min, x.max], ...(x.log ? { distr: 3 } : {}) },
        y: { range: [y.min, y.max] },
      },
      axes: [axisOf(x, x.label ? 26 : 22), axisOf(y, 48)],
      series: [{}, series],
      hooks: {
        draw: diagonal ? [drawDiagonal] : [],
        setCursor: [
          ({ cursor: { idx, left = -1 }, bbox }) => {
            tip.hidden = idx == null || left < 0;
            if (idx == null || tip.hidden) return;
            tip.textContent = tips[idx];
            // beside the pointer, within the plot
            const at = left + bbox.left / devicePixelRatio - tip.offsetWidth / 2;
            tip.style.left = `${Math.max(0, Math.min(at, target.clientWidth - tip.offsetWidth))}px`;
          },
        ],
      },
    },
    [places, values],
    target,
  );
  // what is drawn can't be read aloud; the same numbers stand in the table below
  const canvas = target.querySelector("canvas")!;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", chart.label);
  new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height })).observe(target);
  return plot;
}

/** Draws charts into the elements of their ids, and again whenever the scheme or the screen changes, until they are destroyed. */
export function drawCharts(uPlot: typeof UPlot, charts: readonly Chart[]): { destroy(): void } {
  const plots = charts.map((chart) => draw(uPlot, chart));
  const redraw = () => {
    for (const plot of plots) plot.redraw();
  };
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);
  // another screen, or another zoom: uPlot follows, but the dashes are drawn here
  addEventListener("resize", redraw);
  return {
    destroy() {
      scheme.removeEventListener("change", redraw);
      removeEventListener("resize", redraw);
      for (const plot of plots) plot.destroy();
    },
  };
}
