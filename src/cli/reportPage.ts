// The script of a report's page: runs in a browser, with uPlot before it. Built by itself and put into the page as it is.
import type { Evaluation } from "../evaluate/evaluation.ts";

interface Plot {
  paths: { bars(options: object): unknown };
  new (options: object, data: readonly (readonly (number | null)[])[], target: HTMLElement): unknown;
}

const uPlot = (globalThis as unknown as { uPlot: Plot }).uPlot;
const it: Evaluation = JSON.parse(document.getElementById("evaluation")!.textContent!, (_, value) =>
  value === "NaN" ? null : value === "Infinity" ? Number.POSITIVE_INFINITY : value,
);

const WIDTH = 470;
const HEIGHT = 260;
const BLUE = "#3b6fd4";
const GREY = "#9aa3b2";
/** Of more classes, those of the highest loss are shown. */
const MOST_CLASSES = 40;

const short = (x: number) => String(Number(x.toPrecision(3)));
const textOf = (x: number | null) => (x === null ? "-" : short(x));

interface Series {
  label: string;
  values: readonly (number | null)[];
  bars?: number;
  color?: string;
  dash?: number[];
}

interface Options {
  /** Names of the two axes. */
  axis: string;
  y: string;
  log?: boolean;
  ticks?: (x: number) => string;
  range?: [number, number];
  /** Where y ends; else above the values. Bars begin at 0. */
  top?: number;
  /** What stands there instead of nothing. */
  none?: string;
}

const isFiniteNumber = (value: number | null) => value !== null && Number.isFinite(value);

/** One plot; x by position or by value, its ticks named by `ticks`. */
function plot(id: string, x: readonly number[], series: readonly Series[], options: Options): void {
  const target = document.getElementById(id)!;
  if (x.length === 0) {
    target.textContent = options.none ?? "no rows";
    return;
  }
  const { ticks = short, range } = options;
  // infinite bars end where the axis does
  const most =
    options.top ??
    (Math.max(0, ...series.flatMap(({ values }) => values.filter(isFiniteNumber) as number[])) * 1.05 || 1);
  const fromZero = () => [0, most];
  new uPlot(
    {
      width: WIDTH,
      height: HEIGHT,
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, ...(options.log ? { distr: 3 } : {}), ...(range ? { range } : {}) },
        y: series[0].bars ? { range: fromZero } : {},
      },
      axes: [
        {
          label: options.axis,
          labelSize: 20,
          values: (_: unknown, all: (number | null)[]) => all.map((v) => (v === null ? "" : ticks(v))),
        },
        { label: options.y, labelSize: 20, size: 58 },
      ],
      series: [
        { label: options.axis, value: (_: unknown, v: number | null) => (v === null ? "-" : ticks(v)) },
        ...series.map(({ label, values, bars, color = BLUE, dash }) => ({
          label,
          stroke: color,
          width: bars ? 1 : 2,
          dash,
          fill: bars ? `${color}66` : undefined,
          paths: bars ? uPlot.paths.bars({ size: [bars, 80] }) : undefined,
          points: { show: !bars && !dash },
          value: (_: unknown, __: unknown, ___: unknown, i: number | null) => textOf(i === null ? null : values[i]),
        })),
      ],
    },
    [x, ...series.map(({ values }) => values.map((v) => (v === Number.POSITIVE_INFINITY ? most : v)))],
    target,
  );
}

function losses(): void {
  // bins between those that are filled are shown, too: a quarter of an octave each
  const bins = it.lossHistogram;
  const number = (from: number) =>
    from === 0 ? -1 : 4 * Math.floor(Math.log2(from)) + Math.floor(4 * (from / 2 ** Math.floor(Math.log2(from)) - 1));
  const edge = (i: number) => 2 ** Math.floor(i / 4) * (1 + (((i % 4) + 4) % 4) / 4);
  // the first and the last bin have one end only
  const inside = bins.filter(({ from, to }) => from > 0 && Number.isFinite(to));
  const filled = new Map(inside.map(({ from, count }) => [number(from), count]));
  const numbers = [...filled.keys()];
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  const x = numbers.length === 0 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const outside = bins
    .filter((bin) => !inside.includes(bin))
    .map(({ from, count }) => `${count} rows ${from === 0 ? "below 1e-6" : `from ${from} on`}`)
    .join(", ");
  // bins of one octave differ in width on this axis, 0.32 to 0.19 of it
  const density = (i: number) => (filled.get(i) ?? 0) / Math.log2(edge(i + 1) / edge(i));
  plot("losses", x, [{ label: "rows an octave", values: x.map(density), bars: 0.95 }], {
    axis: outside === "" ? "loss (nats)" : `loss (nats; ${outside})`,
    none: outside || undefined,
    y: "rows an octave",
    ticks: (i) => short(edge(Math.round(i))),
    range: [first - 1, last + 1],
  });
}

function reliability(): void {
  const bins = it.calibration.bins;
  const x = bins.map((_, i) => (i + 0.5) / bins.length);
  const series = [
    { label: "accuracy", values: bins.map(({ accuracy }) => accuracy), bars: 0.95 },
    { label: "confidence", values: bins.map(({ confidence }) => confidence), color: GREY, dash: [6, 4] },
  ];
  plot("reliability", x, series, { axis: "largest probability", y: "accuracy", range: [0, 1], top: 1 });
}

function top(): void {
  const x = Object.keys(it.topK).map(Number);
  plot("top", x, [{ label: "rows", values: x.map((k) => it.topK[k]) }], {
    axis: "k",
    y: "share of rows",
    log: x.length > 1,
  });
}

function classes(): void {
  const all = it.perClass ?? [];
  // NaN, here null, is worse than anything
  const worst = ({ loss: a }: (typeof all)[0], { loss: b }: (typeof all)[0]) =>
    a === b ? 0 : a === null || (b !== null && a > b) ? -1 : 1;
  const shown = all.length <= MOST_CLASSES ? all : [...all].sort(worst).slice(0, MOST_CLASSES);
  if (shown.length < all.length) {
    document.getElementById("class-loss-title")!.textContent =
      `Loss of the ${shown.length} worst of ${all.length} classes`;
  }
  const x = shown.map((_, i) => i);
  const options = {
    axis: "class",
    range: [-1, x.length] as [number, number],
    ticks: (i: number) => (Number.isInteger(i) && shown[i] ? String(shown[i].label) : ""),
  };
  plot("class-loss", x, [{ label: "loss", values: shown.map(({ loss }) => loss), bars: 0.8 }], {
    ...options,
    y: "nats",
  });
  plot(
    "class-accuracy",
    x,
    [{ label: "accuracy", values: shown.map(({ accuracy }) => accuracy), bars: 0.8, color: "#2f9e6e" }],
    { ...options, y: "accuracy" },
  );
}

losses();
reliability();
top();
classes();
