import { find, type Run } from "../results.ts";
import { ratioOf } from "../statistics.ts";
import { errorText } from "../table.ts";

/** A candidate's time over this package's, in one case. */
interface Dot {
  readonly case: string;
  readonly candidate: string;
  readonly times: number;
  /** Quartiles. */
  readonly low: number;
  readonly high: number;
}

function dotsOf(run: Run): Dot[] {
  return run.cases.flatMap((result) => {
    const own = find(result, "wasm", "resident")?.timing;
    if (!own || !find(result, "good loop", "ordinary")) return [];
    return result.outcomes.flatMap(({ name, input, timing, engine }) => {
      // of a peer that was timed on both kinds of input the resident one: ten colours can be told apart
      const second = name !== "wasm" && input === "copied" && find(result, name, "resident");
      if (!timing || engine || second) return [];
      const { median, quartiles } = ratioOf(timing.rounds, own.rounds);
      const candidate = name === "wasm" ? `${name}, ${input}` : name;
      return {
        case: `${result.operation} ${result.shape}`,
        candidate,
        times: median,
        low: quartiles[0],
        high: quartiles[1],
      };
    });
  });
}

const LEGEND_COLUMNS = 5;
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/** A line on those that were wrong, for a case that has some. */
function wrongOf(run: Run) {
  return run.cases.flatMap(({ operation, shape, outcomes }) => {
    const wrong = outcomes.filter(({ status }) => status === "wrong");
    const named = new Map(wrong.map(({ name, error }) => [name, `${name} by ${errorText(error!)}`]));
    if (named.size === 0) return [];
    return { case: `${operation} ${shape}`, text: `wrong: ${[...named.values()].join(", ")}` };
  });
}

/** An SVG: a line a case, a dot a candidate at its time over this package's, with the quartiles of that ratio. */
export async function chartOf(run: Run): Promise<string> {
  const Plot = await import("@observablehq/plot" as string);
  const { parseHTML } = await import("linkedom" as string);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const dots = dotsOf(run);
  const wrong = wrongOf(run);
  const cases = [...new Set(dots.map((dot) => dot.case))];
  const candidates = [...new Set(dots.map((dot) => dot.candidate))];
  const [least, most] = [Math.min(...dots.map(({ low }) => low)), Math.max(...dots.map(({ high }) => high))];
  const ticks = TICKS.filter((tick) => tick >= least && tick <= most);
  // Plot's own legends are HTML beside the SVG.
  const legend = candidates.flatMap((candidate, i) => {
    const place = {
      frameAnchor: "top-left",
      dx: 150 * (i % LEGEND_COLUMNS) - 200,
      dy: 20 * Math.floor(i / LEGEND_COLUMNS) - 60,
    };
    return [
      Plot.dot([candidate], { ...place, fill: [candidate], r: 4 }),
      Plot.text([candidate], { ...place, dx: place.dx + 9, textAnchor: "start", lineAnchor: "middle" }),
    ];
  });
  const chart = Plot.plot({
    document,
    width: 920,
    height: 130 + 34 * cases.length,
    marginLeft: 220,
    marginRight: 30,
    marginTop: 80,
    marginBottom: 50,
    style: { background: "white", color: "black", fontFamily: "sans-serif", fontSize: "12px" },
    x: {
      type: "log",
      grid: true,
      ticks,
      tickFormat: "~r",
      label: "time over that of wasm-loss (wasm, resident data) →",
    },
    y: { domain: cases, label: null, type: "point" },
    color: { domain: candidates, scheme: "tableau10" },
    marks: [
      Plot.ruleX([1], { strokeWidth: 1.5 }),
      Plot.ruleY(dots, { y: "case", x1: "low", x2: "high", stroke: "candidate", strokeWidth: 2 }),
      Plot.dot(dots, { y: "case", x: "times", fill: "candidate", r: 4 }),
      Plot.text(wrong, { y: "case", text: "text", frameAnchor: "right", textAnchor: "end", dy: 13, fontSize: 10 }),
      ...legend,
    ],
  });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${chart.outerHTML}\n`;
}
