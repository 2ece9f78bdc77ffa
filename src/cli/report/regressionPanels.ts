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

/** Predictions beside targets; none of states, which hold sums alone. */
export function regressionPanels(sample: readonly Pair[], count: number): Panel[] {
  const pairs = sample
    .filter(([prediction, target]) => Number.isFinite(prediction) && Number.isFinite(target))
    .sort(([, a], [, b]) => a - b);
  if (pairs.length === 0) return [];
  const all = pairs.flat();
  const [lowest, highest] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const margin = (highest - lowest) * 0.03 || Math.abs(highest) * 0.03 || 1;
  const axis = (label: string): Axis => ({ label, min: lowest - margin, max: highest + margin });
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
