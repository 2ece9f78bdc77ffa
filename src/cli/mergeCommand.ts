import { evaluationOfTotals } from "../evaluate/evaluation.ts";
import { isRegressionState, regressionOfTotals } from "../evaluate/regression.ts";
import { encode, isEvaluationState, mergeRegressions, mergeStates, mergeTotals } from "../evaluate/state.ts";
import { FormatError } from "../formats/error.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { checkOutputs, type Named, type Output, writeOutputs } from "./files.ts";
import { printable } from "./printable.ts";
import { readState } from "./readState.ts";
import { evaluationReport, regressionReport } from "./report/reports.ts";
import { classCells, evaluationTable, regressionTable } from "./tables.ts";
import { json } from "./text.ts";

export const mergeHelp = `wasm-loss merge PART.acc ... [--per-class] [--json] [--report FILE] [--state FILE]

  One evaluation of what several runs of evaluate --state added up: the same as that of all their rows at once; - is standard
  input. Options as of evaluate.

  Example: wasm-loss merge part1.acc part2.acc --report report.html
`;

/** The command `merge`: returns what is to be printed. */
export async function merge(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, {
    json: { type: "boolean", default: false },
    report: { type: "string" },
    state: { type: "string" },
    "per-class": { type: "boolean", default: false },
  });
  if (positionals.length === 0) throw new UsageError("merge takes one file or more, but got 0");
  const report = ["--report", values.report] as const;
  const parts = positionals.map((path): Named => ["PART.acc", path]);
  checkOutputs([report], parts);
  // all parts are read before the state is written: it may replace one of them
  checkOutputs([["--state", values.state], report], []);
  const states: Uint8Array[] = [];
  for (const path of positionals) states.push(await readState(path));
  const names = positionals.map((path) => (path === "-" ? "standard input" : path));
  checkSameLoss(states, names);
  const outputs: Output[] = [];
  const perClass = values["per-class"];
  const subject = { of: names.length === 1 ? names[0] : `${names.length} states` };
  const making = { args: ["merge", ...args], inputs: [["states", names.join(", ")] as const] };
  if (isRegressionState(states[0])) {
    if (perClass) throw new UsageError("--per-class is not for states of --loss mse");
    const result = regressionOfTotals(mergeRegressions("merge", states, names));
    if (values.report !== undefined) {
      outputs.push([values.report, regressionReport({ subject, making, regression: result })]);
    }
    if (values.state !== undefined) outputs.push([values.state, mergeStates(...states)]);
    const text = values.json ? json(result) : regressionTable(result);
    await writeOutputs(outputs, text);
    return text;
  }
  const totals = mergeTotals("merge", states, names);
  const evaluation = evaluationOfTotals(totals);
  if (values.state !== undefined) outputs.push([values.state, encode(totals)]);
  if (values.report !== undefined) {
    const options = [["ignored label", String(totals.options.ignoreIndex)]] as const;
    outputs.push([values.report, evaluationReport({ subject, making, evaluation, options, perClass })]);
  }
  const lists = perClass ? [classCells(evaluation)] : [];
  const text = values.json ? json(printable(evaluation)) : evaluationTable(evaluation, undefined, lists);
  await writeOutputs(outputs, text);
  return text;
}

/** The loss of a state; undefined of what is none. */
function lossOf(state: Uint8Array): string | undefined {
  if (isRegressionState(state)) return "mse";
  return isEvaluationState(state) ? "cross-entropy" : undefined;
}

function checkSameLoss(states: readonly Uint8Array[], paths: readonly string[]): void {
  const [first, ...others] = states.map(lossOf);
  const other = others.findIndex((loss) => loss !== undefined && first !== undefined && loss !== first);
  if (other < 0) return;
  throw new FormatError(
    `${paths[other + 1]}: is a state of --loss ${others[other]}, but ${paths[0]} is one of --loss ${first}`,
  );
}
