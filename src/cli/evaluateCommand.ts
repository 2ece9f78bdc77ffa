import type { BinaryEvaluation } from "../evaluate/binary/binary.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { Regression } from "../evaluate/regression.ts";
import { withCoverage } from "../evaluate/state.ts";
import { withoutSecrets } from "../formats/addresses/address.ts";
import type { Both } from "../formats/format.ts";
import { textOf } from "../formats/rows/shapes.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { Beside } from "./adding/adder.ts";
import { type AddedUp, addUp } from "./addUp.ts";
import { openBeside } from "./beside.ts";
import { binaryTable, printableBinary } from "./binaryTable.ts";
import type { NameOf } from "./classificationTable.ts";
import { classWeights } from "./classWeights.ts";
import { openInputs, sourceOfInputs } from "./evaluateInputs.ts";
import { type EvaluateOptions, evaluateOptions } from "./evaluateOptions.ts";
import { type Output, writeOutputs } from "./files.ts";
import { namesOf } from "./names.ts";
import { printable } from "./printable.ts";
import { binaryReport } from "./report/binaryReport.ts";
import type { Making } from "./report/origin.ts";
import { Pairs } from "./report/pairs.ts";
import { evaluationReport, regressionReport } from "./report/reports.ts";
import {
  classCells,
  classificationLists,
  evaluationTable,
  percent,
  percentileLists,
  type Run,
  regressionTable,
  worstCells,
} from "./tables.ts";
import { binaryTask, elementsTask, type RowsOptions, rowsTask } from "./tasks.ts";
import { columns, json, table } from "./text.ts";
import { warn } from "./warn.ts";

export { evaluateHelp } from "./evaluateOptions.ts";

/** The command `evaluate`: returns what is to be printed. */
export async function evaluate(args: readonly string[]): Promise<string> {
  const given = evaluateOptions(args);
  const open: { close(): unknown }[] = [];
  try {
    const { logits, labels, figures } = await openInputs(given, open, warn);
    const weights = await classWeights(given, logits);
    const options = { ...given, input: given.input ?? logits.input, figures, weights };
    const beside = await openBeside(options, open);
    const making: Making = {
      args: ["evaluate", ...args.map(withoutSecrets)],
      inputs: [logits, labels].map((it, i) => [
        options.loss === "mse" ? ["predictions", "targets"][i] : ["logits", "labels"][i],
        `${it.path}: ${it.dtype} ${textOf(it)}`,
      ]),
    };
    if (options.loss === "mse") return await regression(logits, labels, beside, options, making);
    if (options.loss === "binary") return await binary(logits, labels, beside, options, making);
    return await classification(logits, labels, beside, options, making);
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

async function classification(
  logits: Tensor,
  labels: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  options: RowsOptions & Pick<Both, "figures">,
  making: Making,
): Promise<string> {
  const { ignoreIndex, state, report, weight } = options;
  const task = rowsTask(logits, labels, beside, options);
  const nameOf = namesOf(options.names, task.shape.classes);
  const sums = await addUp(task, [logits, labels, ...beside.values()], options);
  const evaluation = sums.result as Evaluation;
  const { run, suspicion } = sums;
  if (suspicion !== undefined) warn(suspicion);
  const outputs: Output[] = [];
  if (state !== undefined) outputs.push([state, await stateOf(sums, logits, labels, options)]);
  if (report !== undefined) {
    const page = evaluationReport({
      subject: { of: logits.path, against: `the labels in ${labels.path}` },
      making,
      evaluation,
      options: [
        ["ignored label", String(ignoreIndex)],
        ...(weight ? [["weights of classes", weight.path] as const] : []),
      ],
      run,
      perClass: options.perClass,
    });
    outputs.push([report, page]);
  }
  const text = printed(evaluation, run, options, nameOf);
  await writeOutputs(outputs, text);
  return text;
}

/** The state, and which rows of which files it holds. */
async function stateOf(
  { state, range, rows }: AddedUp,
  logits: Tensor,
  labels: Tensor,
  options: EvaluateOptions,
): Promise<Uint8Array> {
  const source = await sourceOfInputs({ logits, labels }, options, range, rows);
  return source === null ? state() : withCoverage(state(), [source]);
}

function printed(
  evaluation: Evaluation,
  run: Run,
  options: EvaluateOptions & Pick<Both, "figures">,
  nameOf: NameOf,
): string {
  const { figures } = options;
  const { worst = options.worst === undefined ? undefined : [], ...data } = printable(evaluation);
  if (!options.json) {
    const lists = [
      ...(figures ? [table([["normalized accuracy", percent(figures.normalizedAccuracy)]])] : []),
      ...(options.perClass ? [columns(classCells(evaluation, nameOf))] : []),
      ...percentileLists(evaluation),
      ...classificationLists(evaluation, nameOf),
      ...(worst === undefined ? [] : [columns(worstCells(worst))]),
    ];
    return evaluationTable(evaluation, run, lists);
  }
  const { perSecond, ...engine } = run;
  return json({
    ...data,
    ...(worst ? { worst } : {}),
    ...figures,
    ...engine,
    logitsPerSecond: perSecond,
  });
}

async function binary(
  predictions: Tensor,
  targets: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  options: EvaluateOptions,
  making: Making,
): Promise<string> {
  const task = binaryTask(predictions, targets, beside, options);
  const sums = await addUp(task, [predictions, targets, ...beside.values()], options);
  const evaluation = sums.result as BinaryEvaluation;
  const { run } = sums;
  const { perSecond, ...engine } = run;
  const text = options.json
    ? json({ ...printableBinary(evaluation), ...engine, rowsPerSecond: perSecond })
    : binaryTable(evaluation, run);
  const outputs: Output[] = [];
  if (options.state !== undefined) {
    outputs.push([options.state, await stateOf(sums, predictions, targets, options)]);
  }
  if (options.report !== undefined) {
    const subject = { of: predictions.path, against: `the labels in ${targets.path}` };
    outputs.push([options.report, binaryReport({ subject, making, evaluation, run })]);
  }
  await writeOutputs(outputs, text);
  return text;
}

async function regression(
  predictions: Tensor,
  targets: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  options: EvaluateOptions,
  making: Making,
): Promise<string> {
  const task = elementsTask(predictions, targets, beside);
  const pairs = options.report === undefined ? undefined : new Pairs();
  const sums = await addUp(task, [predictions, targets, ...beside.values()], options, { pairs });
  const result = sums.result as Regression;
  const { run } = sums;
  const { perSecond, ...engine } = run;
  const text = options.json
    ? json({ ...result, ...engine, elementsPerSecond: perSecond })
    : regressionTable(result, run);
  const outputs: Output[] = [];
  if (options.state !== undefined) {
    outputs.push([options.state, await stateOf(sums, predictions, targets, options)]);
  }
  if (options.report !== undefined) {
    const subject = { of: predictions.path, against: `the targets in ${targets.path}` };
    const sample = pairs?.sample ?? [];
    outputs.push([options.report, regressionReport({ subject, making, regression: result, run, sample })]);
  }
  await writeOutputs(outputs, text);
  return text;
}
