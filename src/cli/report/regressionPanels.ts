import type { Axis } from "./chart.ts";
import type { Pair } from "./pairs.ts";
import type { Panel } from "./panel.ts";
import { counted, grouped, short } from "./words.ts";

/** Parts of the targets, as many pairs in each. */
const PARTS = 10;

function partsOf(pairs: readonly Pair[]): string[][] {
  const n = Math.min(PARTS, pairs.length);
  return Array.from({ length: n }, (_, i) => {
    const part = pairs.slice(Math.floor((i * pairs.length) / n), Math.floor(((i + 1) * pairs.length) / n));
    const errors = part.map(([prediction, target]) => prediction - target);
    const mean = errors.reduce((sum, error) => sum + error, 0) / part.length;
    const square = errors.reduce((sum, error) => sum + error * error, 0) / part.length;
    return [
      `${short(part[0][1])} to ${short(part[part.length - 1][1])}`,
      grouped(part.length),
      short(mean),
      short(Math.sqrt(square)),
    ];
  });
}

/** NaN and what is so large that the length of an axis would be infinite are not drawn. */
const isDrawn = (value: number) => Math.abs(value) < 2 ** 1020;

/** Ends of an axis beyond all values, a millionth of them apart at least: ticks that are no different numbers have no end. */
function aroundAll(lowest: number, highest: number): Pick<Axis, "min" | "max"> {
  const size = Math.max(Math.abs(lowest), Math.abs(highest));
  const margin = lowest === highest ? size * 0.03 || 1 : Math.max((highest - lowest) * 0.03, size * 1e-6);
  return { min: lowest - margin, max: highest + margin };
}

/** Predictions beside targets; none of states, which hold sums alone. */
export function regressionPanels(sample: readonly Pair[], count: number): Panel[] {
  const pairs = sample.filter((pair) => pair.every(isDrawn)).sort(([, a], [, b]) => a - b);
  if (pairs.length === 0) return [];
  const all = pairs.flat();
  const [lowest, highest] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const range = aroundAll(lowest, highest);
  const axis = (label: string): Axis => ({ label, ...range });
  const shown =
    sample.length === count
      ? `All ${counted(count, "pair")}`
      : `${grouped(sample.length)} of ${counted(count, "pair")}, evenly spaced`;
  return [
    {
      id: "pairs-panel",
      title: "Predictions against targets",
      note: `${shown}; on the dashed line a prediction is its target.`,
      charts: [
        {
          id: "pairs",
          height: 380,
          label: `Predictions against targets, from ${short(lowest)} to ${short(highest)}, and the diagonal on which they are equal.`,
          x: axis("target"),
          y: axis("prediction"),
          points: pairs.map(([prediction, target]) => ({
            x: target,
            y: prediction,
            tip: `target ${short(target)}, prediction ${short(prediction)}`,
          })),
          diagonal: true,
        },
      ],
      table: { head: ["target", "pairs", "mean error", "root mean square error"], rows: partsOf(pairs) },
    },
  ];
}
