import { worse } from "../../evaluate/highest.ts";
import type { PrintedEvaluation } from "../printable.ts";
import { digits, percent, worstCells } from "../tables.ts";
import type { Bar } from "./chart.ts";
import { confusion, percentiles, precisions } from "./classificationPanels.ts";
import type { Panel } from "./panel.ts";
import { roc } from "./rocPanel.ts";
import { counted, grouped, short } from "./words.ts";

/** Of more classes, those of the highest loss are shown. */
const MOST_CLASSES = 40;
/** Of more classes, as language models have them, none are shown unless they are asked for. */
const MOST_UNASKED_CLASSES = 1000;

/** Whether a report has a panel of the classes. */
export function showsClasses(classes: number, perClass: boolean): boolean {
  return perClass || classes <= MOST_UNASKED_CLASSES;
}

/** Above the highest of some values, so that the axis ends in the free. */
const above = (values: readonly number[]) => Math.max(...values) * 1.05 || 1;

function losses({ lossHistogram, counted: rows }: PrintedEvaluation): Panel {
  const bins = lossHistogram.map(({ from, to, count }) => {
    // the first and the last bin have one end only: an octave is drawn
    const [begin, end] = [from === 0 ? to / 2 : from, Number.isFinite(to) ? to : 2 * from];
    const name = from === 0 ? `below ${short(to)}` : Number.isFinite(to) ? `${short(from)} to ${short(to)}` : "";
    return { begin, end, count, name: name || `${short(from)} and more` };
  });
  const bars = bins.map(({ begin, end, count, name }): Bar => {
    // quarters of an octave differ in width on this axis, 0.32 to 0.19 of it
    const value = count / Math.log2(end / begin);
    return { from: begin, to: end, value, tip: `loss ${name}: ${counted(count, "row")}` };
  });
  const highest = bins.reduce((a, b) => (b.count > a.count ? b : a), bins[0]);
  const chart = {
    id: "losses",
    height: 250,
    label: `Histogram of the losses of ${counted(rows, "row")}; the fullest bin, ${highest?.name}, has ${highest?.count}.`,
    x: { label: "loss (nats)", min: bars[0]?.from / 1.2, max: bars.at(-1)! && bars.at(-1)!.to * 1.2, log: true },
    y: { label: "rows per doubling of the loss", min: 0, max: above(bars.map(({ value }) => value)) },
    bars,
  };
  return {
    id: "losses-panel",
    title: "How the losses of the rows are spread",
    note: "The loss doubles along equal steps of the axis; the area of a bar is the number of its rows.",
    charts: bars.length === 0 ? [] : [chart],
    table: {
      head: ["loss", "rows", "share"],
      rows: bins.map(({ name, count }) => [name, grouped(count), percent(count / rows, 1)]),
    },
  };
}

export function reliability({ calibration }: Pick<PrintedEvaluation, "calibration">): Panel {
  const { bins, expectedError } = calibration;
  const range = { min: 0, max: 1, percent: true };
  const bars = bins.map(({ from, to, accuracy, confidence, count }): Bar => {
    const tip = `${percent(confidence, 1)} confident, ${percent(accuracy, 1)} right, ${counted(count, "row")}`;
    return { from, to, value: accuracy, tip };
  });
  const counts = bins.map(({ count }) => count);
  const x = { label: "confidence: the largest probability of a row", ...range };
  return {
    id: "reliability-panel",
    title: "Reliability: accuracy by confidence",
    note: `On the dashed line a model is right as often as it says.${bins.length === 0 ? "" : ` On average it is off by ${percent(expectedError, 1)}.`}`,
    charts:
      bins.length === 0
        ? []
        : [
            {
              id: "reliability",
              height: 220,
              label: `Accuracy of the rows by their confidence, in ${counted(bins.length, "bin")}, and the diagonal of a calibrated model; the expected calibration error is ${percent(expectedError, 1)}.`,
              x: { ...x, label: "" },
              y: { label: "accuracy", ...range },
              bars,
              diagonal: true,
            },
            {
              id: "confidence",
              height: 130,
              label: `Rows by their confidence: ${grouped(Math.min(...counts))} to ${grouped(Math.max(...counts))} a bin.`,
              x,
              y: { label: "rows", min: 0, max: above(counts) },
              bars: bars.map((bar, i) => ({ ...bar, value: counts[i] })),
            },
          ],
    table: {
      head: ["confidence", "mean", "accuracy", "rows"],
      rows: bins.map((bin) => [
        `${percent(bin.from, 1)} to ${percent(bin.to, 1)}`,
        percent(bin.confidence, 1),
        percent(bin.accuracy, 1),
        grouped(bin.count),
      ]),
    },
  };
}

function tops({ topK, classes, counted: rows }: PrintedEvaluation): Panel | undefined {
  const points = Object.entries(topK)
    .filter(([k]) => Number(k) <= classes)
    .map(([k, share]) => ({ x: Number(k), y: share, tip: `among the ${k} largest: ${percent(share, 1)} of the rows` }));
  if (points.length < 2) return undefined;
  const [first, last] = [points[0], points[points.length - 1]];
  // of a model that is always right, too, the axis has a length
  const lowest = Math.min(0.9, Math.floor(10 * Math.min(...points.map(({ y }) => y))) / 10);
  const chart = {
    id: "top",
    height: 250,
    label: `Share of rows whose label is among the k largest logits: ${percent(first.y, 1)} for ${first.x}, ${percent(last.y, 1)} for ${last.x}.`,
    x: { label: "k", min: first.x / 1.08, max: last.x * 1.08, log: true },
    // a line that lies on the frame is hardly seen
    y: { label: "rows", min: lowest, max: 1 + (1 - lowest) * 0.03, percent: true },
    points,
    joined: true,
  };
  return {
    id: "top-panel",
    title: "How often the label is among the k largest",
    note: "For k = 1 this is the accuracy.",
    charts: rows === 0 ? [] : [chart],
    table: { head: ["k", "share of rows"], rows: points.map(({ x, y }) => [grouped(x), percent(y, 1)]) },
  };
}

function classes({ perClass = [], classes: all }: PrintedEvaluation): Panel | undefined {
  if (perClass.length === 0) return undefined;
  const isAll = perClass.length <= MOST_CLASSES;
  const byLoss = [...perClass].sort((a, b) => (worse(a.loss, b.loss) ? -1 : worse(b.loss, a.loss) ? 1 : 0));
  const shown = isAll ? perClass : byLoss.slice(0, MOST_CLASSES);
  const most = Math.max(...shown.map(({ loss }) => loss).filter(Number.isFinite), Number.MIN_VALUE);
  const missing = all - perClass.length;
  const none = missing === 0 ? "" : ` ${counted(missing, "class has", "classes have")} no row.`;
  return {
    id: "classes-panel",
    title: isAll
      ? "Loss and accuracy of each class"
      : `The ${MOST_CLASSES} classes of the highest loss, of ${grouped(perClass.length)}`,
    note: `${isAll ? "By the label of the rows." : "By the label of the rows, the highest loss first."}${none}`,
    charts: [],
    table: {
      head: ["class", "rows", "loss (nats)", "accuracy"],
      rows: shown.map(({ label, count, loss, accuracy }) => [
        String(label),
        grouped(count),
        // an infinite loss is as long as can be
        { text: digits(loss, 4), share: Number.isNaN(loss) ? 0 : Math.min(1, loss / most) },
        { text: percent(accuracy, 1), share: accuracy },
      ]),
    },
  };
}

function worstRows({ worst }: PrintedEvaluation): Panel | undefined {
  if (worst === undefined || worst.length === 0) return undefined;
  const [head, ...rows] = worstCells(worst);
  return {
    id: "worst-panel",
    title: rows.length === 1 ? "The row of the highest loss" : `The ${grouped(rows.length)} rows of the highest loss`,
    note: `Rows are counted from 0; rank is that of the label among the classes.`,
    charts: [],
    table: { head, rows },
  };
}

/** The plots and lists of an evaluation. */
export function evaluationPanels(it: PrintedEvaluation): Panel[] {
  return [
    losses(it),
    percentiles(it),
    reliability(it),
    roc(it.ranking),
    tops(it),
    confusion(it),
    precisions(it),
    classes(it),
    worstRows(it),
  ].filter((panel) => panel !== undefined);
}
