// The command line in a worker: what the page shows of an evaluation is what wasm-loss evaluate, compare and merge print and write.
import { UsageError } from "../../src/cli/arguments.ts";
import { evaluate } from "../../src/cli/evaluateCommand.ts";
import type { Reached } from "../../src/cli/pace.ts";
import type { Chart } from "../../src/cli/report/chart.ts";
import { contentHtml } from "../../src/cli/report/page.ts";
import { losesStack } from "../../src/module/features.ts";
import type { Options } from "../evaluate/options.ts";
import { answer } from "../job.ts";
import { host } from "../standIns/host.ts";
import { planOf } from "./inputs.ts";

/** Files in the order in which they were given, and what is said of them. */
export interface EvaluateRequest {
  readonly files: readonly File[];
  readonly options: Options;
  readonly threads: boolean;
}

export interface Evaluated {
  /** The command, as the command line would take it. */
  readonly command: string;
  readonly title: string;
  readonly subtitle: string;
  readonly warnings: readonly string[];
  /** The report, without its frame, and its plots. */
  readonly content: string;
  readonly charts: readonly Chart[];
  /** What is there to be kept: the whole report, what --json prints, the state for wasm-loss merge. */
  readonly report: string;
  readonly json: string;
  readonly state: Uint8Array;
}

/** Evaluations are what most come for: the code of the others is loaded when files ask for it. */
const COMMANDS = {
  evaluate: async () => evaluate,
  compare: async () => (await import("./otherCommands.ts")).compare,
  merge: async () => (await import("./otherCommands.ts")).merge,
};

/** Losses of predictions and targets. */
const PAIRS = ["mse", "binary"];

const REPORT = "report.html";
const STATE = "evaluation.acc";
/** News are told so often at most: ms. */
const NEWS_MILLISECONDS = 80;

/** What is loaded now is not asked for later, when files are there. */
let loaded = loadRest();

async function loadRest(): Promise<void> {
  const text = async (name: string) => {
    const response = await fetch(new URL(name, location.href));
    if (!response.ok) throw new Error(`${name} answered ${response.status}`);
    return response.text();
  };
  const rest: Promise<unknown>[] = [];
  if (globalThis.crossOriginIsolated) rest.push(import("../../src/backends/threads/openThreads.ts"));
  if (losesStack(navigator.userAgent)) rest.push(import("../../src/backends/js/openJs.ts"));
  const files = ["uPlot.js", "uPlot.css", "report.css", "report.js"];
  const [uPlot, uPlotStyle, reportStyle, script] = await Promise.all(files.map(text));
  host.report = { uPlot, style: uPlotStyle + reportStyle, uPlotVersion: UPLOT_VERSION, script };
  await Promise.all(rest);
}

/** The build puts it in. */
declare const UPLOT_VERSION: string;

/** Files by a path of their own: of the second one of a name it begins with a number. A bare - would be standard input. */
function byPath(files: readonly File[]): Map<string, Blob> {
  const paths = new Map<string, Blob>();
  for (const file of files) {
    const name = file.name === "-" ? "./-" : file.name;
    let path = name;
    for (let n = 2; paths.has(path); n++) path = `${n}/${name}`;
    paths.set(path, file);
  }
  return paths;
}

function throttled(tell: (reached: Reached) => void): (reached: Reached) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (reached) => {
    const now = performance.now();
    if (now - last < NEWS_MILLISECONDS && reached.done < reached.total) return;
    last = now;
    tell(reached);
  };
}

answer(async ({ files, options, threads }: EvaluateRequest, tell: (reached: Reached) => void): Promise<Evaluated> => {
  await loaded.catch(() => {
    loaded = loadRest();
    return loaded;
  });
  host.files = byPath(files);
  host.outputs.clear();
  host.warnings.length = 0;
  host.page = undefined;
  host.onProgress = throttled(tell);
  const { boxes, further } = options;
  const said = [...boxes.flat(), ...further];
  const plan = await planOf(host.files, {
    isPair: said.some((it, i) =>
      PAIRS.some((loss) => it === `--loss=${loss}` || (said[i - 1] === "--loss" && it === loss)),
    ),
    isRaw: said.some((it) => /^--(labels-|other-)?dtype\b/.test(it)),
  });
  const { command, paths, note } = plan;
  const takes = ([name]: readonly string[]) => plan.boxes?.includes(name) ?? true;
  const taken = boxes.filter(takes);
  // rows of the highest loss are asked for unless they are asked not to be
  const left = boxes.filter((box) => !takes(box) && box[0] !== "--worst").map((box) => box.join(" "));
  // names that begin with - are no options
  const given = paths.some((path) => path.startsWith("-")) ? ["--", ...paths] : paths;
  const outputs = ["--report", REPORT, "--state", STATE, "--json"];
  const chosen = [...taken.flat(), ...further, ...(threads && command !== "merge" ? ["--threads", "auto"] : [])];
  const args = paths === given ? [...given, ...chosen, ...outputs] : [...chosen, ...outputs, ...given];
  const run = await COMMANDS[command]();
  const json = await run(args).catch((error: unknown) => {
    throw error instanceof UsageError ? new Error(`the options: ${error.message}`) : error;
  });
  const { title, subtitle, warnings, panels } = host.page!;
  return {
    command: ["wasm-loss", command, ...args].join(" "),
    title,
    subtitle,
    warnings: [
      ...(note === undefined ? [] : [note]),
      ...(left.length === 0 ? [] : [`wasm-loss ${command} of these files has no ${left.join(", ")}: left out.`]),
      ...host.warnings,
      ...warnings,
    ],
    content: contentHtml(host.page!),
    charts: panels.flatMap(({ charts }) => charts),
    report: host.outputs.get(REPORT) as string,
    json,
    state: host.outputs.get(STATE) as Uint8Array,
  };
});
