import type { RankingFigures } from "../../evaluate/ranking.ts";
import { digits, percent } from "../tables.ts";
import type { Panel } from "./panel.ts";

/** Points that the table has. */
const ROWS = 20;

/** The curve of true by false positives; none where there are not both classes. */
export function roc(ranking: RankingFigures | undefined): Panel | undefined {
  if (ranking === undefined || ranking.roc.length === 0) return undefined;
  const { auroc, roc: points } = ranking;
  const range = { min: 0, max: 1, percent: true };
  const step = Math.max(1, Math.ceil((points.length - 1) / ROWS));
  return {
    id: "roc-panel",
    title: "ROC: how well the two classes are told apart",
    note: `The area under the curve is ${digits(auroc, 5)}; on the dashed line it would be chance.`,
    charts: [
      {
        id: "roc",
        height: 300,
        label: `Rows of class 1 that are found, by rows of class 0 that are taken for it; the area is ${digits(auroc, 4)}.`,
        x: { label: "false positives", ...range },
        y: { label: "true positives", ...range },
        points: points.map(([x, y]) => ({ x, y, tip: `${percent(y, 1)} found, ${percent(x, 1)} false` })),
        joined: true,
        diagonal: true,
      },
    ],
    table: {
      head: ["false positives", "true positives"],
      rows: points
        .filter((_, i) => i % step === 0 || i === points.length - 1)
        .map(([x, y]) => [percent(x), percent(y)]),
    },
  };
}
