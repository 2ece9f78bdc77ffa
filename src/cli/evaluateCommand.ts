import type { LabelArray } from "../dtype.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import { withCoverage } from "../evaluate/state.ts";
import { FormatError } from "../formats/error.ts";
import { openTensor } from "../formats/openTensor.ts";
import { isFloat, type Tensor, type TensorArray } from "../formats/tensor.ts";
import { createLosses, type Losses } from "../inlinedLosses.ts";
import { logitsOf, readTogether } from "./batches.ts";
import { binaryTable, evaluateBinary, printableBinary } from "./binaryCommand.ts";
import type { NameOf } from "./classificationTable.ts";
import { type EvaluateOptions, evaluateOptions } from "./evaluateOptions.ts";
import { type Output, writeOutputs } from "./files.ts";
import { floatsOf } from "./floats.ts";
import { integralLabels } from "./integralLabels.ts";
import { areLikeProbabilities } from "./likeProbabilities.ts";
import { namesOf } from "./names.ts";
import { oneHotLabels } from "./oneHotLabels.ts";
import { printable } from "./printable.ts";
import { progressBar } from "./progress.ts";
import { binaryReport } from "./report/binaryReport.ts";
import { showsClasses } from "./report/evaluationPanels.ts";
import type { Making } from "./report/origin.ts";
import { Pairs } from "./report/pairs.ts";
import { evaluationReport, regressionReport } from "./report/reports.ts";
import { checkPair, hasRowsOfLogits, shapeOf, textOf } from "./shapes.ts";
import { shifted } from "./shift.ts";
import { sourceOf } from "./sourceOf.ts";
import {
  classCells,
  classificationLists,
  defaultTops,
  evaluationTable,
  percentileLists,
  type Run,
  regressionTable,
  worstCells,
} from "./tables.ts";
import { columns, json } from "./text.ts";
import { warn } from "./warn.ts";

/** The command `evaluate`: returns what is to be printed. */
export async function evaluate(args: readonly string[]): Promise<string> {
  const options = evaluateOptions(args);
  const open: { close(): unknown }[] = [];
  try {
    const logits = await openTensor(options.logits.path, options.logits);
    open.push(logits);
    const labels = await openTensor(options.labels.path, options.labels);
    open.push(labels);
    const beside: Beside = {};
    for (const name of ["groups", "mask"] as const) {
      const given = options[name];
      if (given === undefined) continue;
      const tensor = await openTensor(given.path, given);
      open.push(tensor);
      if (isFloat(tensor.dtype)) {
        throw new FormatError(
          `${tensor.path}: ${name === "mask" ? "a mask is" : "groups are"} ${tensor.dtype}, but must be integers`,
        );
      }
      beside[name] = tensor;
    }
    const losses = await openLosses(options.engine);
    open.push(losses);
    const making: Making = {
      args: ["evaluate", ...args],
      inputs: [logits, labels].map((it, i) => [
        options.loss === "mse" ? ["predictions", "targets"][i] : ["logits", "labels"][i],
        `${it.path}: ${it.dtype} ${textOf(it)}`,
      ]),
    };
    if (options.loss === "binary") return await binary(losses, logits, labels, options, making);
    if (options.loss === "mse") return await regression(losses, logits, labels, options, making);
    return await classification(losses, logits, labels, beside, options, making);
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

/** What rows come with, each from a file of its own. */
interface Beside {
  groups?: Tensor;
  mask?: Tensor;
}

/** createLosses, its options called in messages as they are here. */
export async function openLosses(engine: EvaluateOptions["engine"]): Promise<Losses> {
  try {
    return await createLosses(engine);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(/^createLosses: /, "--");
    throw error;
  }
}

/** What ran, and its notes; one more where something is odd. */
export const runOf = (
  { backend, threads, relaxed, notes }: Losses,
  elements: number,
  begin: number,
  suspicion?: string,
): Run => ({
  backend,
  threads,
  relaxed,
  notes: suspicion === undefined ? notes : [...notes, suspicion],
  perSecond: elements / ((performance.now() - begin) / 1000),
});

/** That the first rows of logits are probabilities, which is easily missed; undefined where they are none. */
function suspicionOf({ path, dtype }: Tensor, rows: TensorArray, classes: number): string | undefined {
  const isHalf = dtype === "f16" || dtype === "bf16";
  if (!areLikeProbabilities(floatsOf(dtype, rows), classes, isHalf)) return undefined;
  return `${path}: rows lie in [0, 1] and add up to 1, but are taken for logits; for probabilities there is --input probabilities (--input logits says that they are logits)`;
}

async function classification(
  losses: Losses,
  logits: Tensor,
  labelsTensor: Tensor,
  beside: Beside,
  options: EvaluateOptions,
  making: Making,
): Promise<string> {
  const { ignoreIndex, state, report } = options;
  const indices = hasRowsOfLogits(logits, labelsTensor) ? oneHotLabels(labelsTensor) : labelsTensor;
  const shape = shapeOf(logits, indices, options.classes);
  const { classes, rows } = shape;
  const integral = isFloat(indices.dtype) ? integralLabels(indices, classes, ignoreIndex) : indices;
  const labels = options.shift ? shifted(integral, shape, ignoreIndex) : integral;
  const counted = {
    classes,
    input: options.input ?? ("logits" as const),
    ignoreIndex,
    topK: options.topK ?? defaultTops(classes),
    confusion: options.confusion,
    ranking: options.ranking,
    fitTemperature: options.fitTemperature,
    worst: options.worst ?? 0,
    ...(options.percentiles ? { percentiles: true as const } : {}),
    perClass: options.perClass || state !== undefined || (report !== undefined && showsClasses(classes, false)),
  };
  const nameOf = namesOf(options.names, classes);
  const evaluator = losses.evaluator(counted);
  const progress = progressBar((rows ?? labels.length ?? 0) * classes, "logits");
  const begin = performance.now();
  let done = 0;
  let suspicion: string | undefined;
  try {
    const names = (["groups", "mask"] as const).filter((name) => beside[name] !== undefined);
    // a mask is of tokens, and shifted with them
    const tensorOf = (name: keyof Beside) =>
      name === "mask" && options.shift
        ? shifted(beside.mask!, { ...shape, classes: Number.POSITIVE_INFINITY }, ignoreIndex)
        : beside[name]!;
    const inputs = [
      { tensor: logits, perRow: classes },
      { tensor: labels, perRow: 1 },
      ...names.map((name) => ({ tensor: tensorOf(name), perRow: 1 })),
    ];
    for await (const batch of readTogether(losses, inputs)) {
      const [x, y, ...rest] = batch.arrays;
      if (done === 0 && options.input === undefined) suspicion = suspicionOf(logits, x, classes);
      evaluator.add(logitsOf(logits, x), y as LabelArray, {
        source: labels.path,
        ...Object.fromEntries(names.map((name, i) => [name, rest[i] as LabelArray])),
        ...(options.shift ? { positions: shape.sequence } : {}),
        // of the whole text: with the first rows
        ...(options.bytes === undefined ? {} : { bytes: done === 0 ? options.bytes : 0 }),
        ...(options.words === undefined ? {} : { words: done === 0 ? options.words : 0 }),
      });
      done += batch.rows;
      progress.update(done * classes);
    }
  } finally {
    progress.stop();
  }
  const evaluation = evaluator.result();
  if (suspicion !== undefined) warn(suspicion);
  const run = runOf(losses, done * classes, begin, suspicion);
  const outputs: Output[] = [];
  if (state !== undefined) outputs.push([state, await stateOf(evaluator, done, logits, labelsTensor, options)]);
  if (report !== undefined) {
    const page = evaluationReport({
      subject: { of: logits.path, against: `the labels in ${labels.path}` },
      making,
      evaluation,
      options: [["ignored label", String(ignoreIndex)]],
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
  evaluator: { state(): Uint8Array },
  rows: number,
  logits: Tensor,
  labels: Tensor,
  options: EvaluateOptions,
): Promise<Uint8Array> {
  const source = await sourceOf(
    [
      { tensor: logits, path: options.logits.path, name: options.logits.tensor },
      { tensor: labels, path: options.labels.path, name: options.labels.tensor },
    ],
    rows,
  );
  return source === null ? evaluator.state() : withCoverage(evaluator.state(), [source]);
}

function printed(evaluation: Evaluation, run: Run, options: EvaluateOptions, nameOf: NameOf): string {
  const { worst = options.worst === undefined ? undefined : [], ...data } = printable(evaluation);
  if (!options.json) {
    const lists = [
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
    ...engine,
    logitsPerSecond: perSecond,
  });
}

async function binary(
  losses: Losses,
  predictions: Tensor,
  targets: Tensor,
  options: EvaluateOptions,
  making: Making,
): Promise<string> {
  const begin = performance.now();
  const input = options.input === "probabilities" ? "probabilities" : "logits";
  const { evaluator, rows } = await evaluateBinary(losses, predictions, targets, input);
  const evaluation = evaluator.result();
  const run = runOf(losses, rows, begin);
  const { perSecond, ...engine } = run;
  const text = options.json
    ? json({ ...printableBinary(evaluation), ...engine, rowsPerSecond: perSecond })
    : binaryTable(evaluation, run);
  const outputs: Output[] = [];
  if (options.state !== undefined) {
    outputs.push([options.state, await stateOf(evaluator, rows, predictions, targets, options)]);
  }
  if (options.report !== undefined) {
    const subject = { of: predictions.path, against: `the labels in ${targets.path}` };
    outputs.push([options.report, binaryReport({ subject, making, evaluation, run })]);
  }
  await writeOutputs(outputs, text);
  return text;
}

async function regression(
  losses: Losses,
  predictions: Tensor,
  targets: Tensor,
  options: EvaluateOptions,
  making: Making,
): Promise<string> {
  checkPair(predictions, targets);
  const pairs = new Pairs();
  const evaluator = losses.regressionEvaluator();
  const progress = progressBar(predictions.length ?? targets.length ?? 0, "elements");
  const begin = performance.now();
  let done = 0;
  try {
    const inputs = [
      { tensor: predictions, perRow: 1 },
      { tensor: targets, perRow: 1 },
    ];
    for await (const { rows, arrays } of readTogether(losses, inputs)) {
      evaluator.add(logitsOf(predictions, arrays[0]), logitsOf(targets, arrays[1]));
      if (options.report !== undefined)
        pairs.add(floatsOf(predictions.dtype, arrays[0]), floatsOf(targets.dtype, arrays[1]));
      done += rows;
      progress.update(done);
    }
  } finally {
    progress.stop();
  }
  const result = evaluator.result();
  const run = runOf(losses, done, begin);
  const { perSecond, ...engine } = run;
  const text = options.json
    ? json({ ...result, ...engine, elementsPerSecond: perSecond })
    : regressionTable(result, run);
  const outputs: Output[] = [];
  if (options.state !== undefined) {
    outputs.push([options.state, await stateOf(evaluator, done, predictions, targets, options)]);
  }
  if (options.report !== undefined) {
    const subject = { of: predictions.path, against: `the targets in ${targets.path}` };
    outputs.push([
      options.report,
      regressionReport({ subject, making, regression: result, run, sample: pairs.sample }),
    ]);
  }
  await writeOutputs(outputs, text);
  return text;
}
