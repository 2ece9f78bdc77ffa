import type { LabelArray } from "../dtype.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { RowEvaluator, RowListener } from "../evaluate/evaluator.ts";
import type { EvaluatorOptions } from "../evaluate/options.ts";
import { openTensor } from "../formats/openTensor.ts";
import { TENSOR_DTYPES, type Tensor, type TensorDtype } from "../formats/tensor.ts";
import { createLosses, type Losses } from "../losses.ts";
import { choiceOption, integerOption, parseArguments, UsageError } from "./arguments.ts";
import { logitsOf, readTogether } from "./batches.ts";
import { checkOutputs, type Output, writeFiles } from "./files.ts";
import { progressBar } from "./progress.ts";
import { htmlReport } from "./report.ts";
import { checkPair, shapeOf } from "./shapes.ts";
import { shifted } from "./shift.ts";
import { evaluationTable, type Run, regressionTable } from "./tables.ts";
import { json } from "./text.ts";
import { Worst } from "./worst.ts";

export const evaluateHelp = `wasm-loss evaluate LOGITS LABELS [options]

  LOGITS   floats (f16, bf16, f32, f64) of shape (rows, classes); with more dimensions, all but the last are rows
  LABELS   integers, one a row
           both from npy, npz or safetensors files, or raw binary; - is standard input

  --classes N          the number of classes, to check it; needed where LOGITS has no shape
  --dtype D            f16, bf16, f32 or f64: LOGITS is raw binary, if its name does not end in .npy, .npz, .safetensors
  --labels-dtype D     the same for LABELS: i8 to i64, u8 to u64
  --tensor NAME        which array of LOGITS, if it has several; --labels-tensor NAME the same for LABELS
  --ignore-index N     rows with this label don't count (default -100)
  --shift              LABELS are tokens: the logits at position t score token t + 1 of their sequence
  --loss L             cross-entropy (default), or mse: LOGITS and LABELS are predictions and targets, both floats
  --top-k K,K,...      shares of rows whose label is among the K largest logits
  --per-class          loss and accuracy of each class too
  --worst N            list the N rows with the highest loss
  --state FILE         write what was added up, for wasm-loss merge
  --report FILE        write one HTML file with the table and plots
  --threads N|auto     threads to compute with (default 1)
  --relaxed            fused multiply-add where there is one: faster, but not the same bits everywhere
  --backend B          auto, wasm or js (default auto)
  --json               one line of JSON; NaN and Infinity are strings in it
`;

const OPTIONS = {
  classes: { type: "string" },
  dtype: { type: "string" },
  "labels-dtype": { type: "string" },
  tensor: { type: "string" },
  "labels-tensor": { type: "string" },
  "ignore-index": { type: "string", default: "-100" },
  shift: { type: "boolean", default: false },
  loss: { type: "string", default: "cross-entropy" },
  "top-k": { type: "string" },
  "per-class": { type: "boolean", default: false },
  worst: { type: "string" },
  state: { type: "string" },
  report: { type: "string" },
  threads: { type: "string", default: "1" },
  relaxed: { type: "boolean", default: false },
  backend: { type: "string", default: "auto" },
  json: { type: "boolean", default: false },
} as const;

/** The points of the top-k curve, as far as there are classes. */
const CURVE = [1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
/** The largest label that 32 bits hold, and so ignoreIndex. */
const INT32 = 2147483648;

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>["values"];

const dtypeOption = (option: string, text: string | undefined): TensorDtype | undefined =>
  text === undefined ? undefined : choiceOption(option, text, TENSOR_DTYPES);

function topK(text: string | undefined): number[] | undefined {
  return text?.split(",").map((k) => integerOption("--top-k", k.trim(), 1)!);
}

function ignoreIndexOf(values: Values): number {
  const ignoreIndex = integerOption("--ignore-index", values["ignore-index"], Number.MIN_SAFE_INTEGER)!;
  if (ignoreIndex >= -INT32 && ignoreIndex < INT32) return ignoreIndex;
  throw new UsageError(`--ignore-index is ${ignoreIndex}, but must be an integer of 32 bits`);
}

/** The command `evaluate`: returns what is to be printed. */
export async function evaluate(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const backend = choiceOption("--backend", values.backend, ["auto", "wasm", "js"]);
  const loss = choiceOption("--loss", values.loss, ["cross-entropy", "mse"]);
  const threads = values.threads === "auto" ? "auto" : integerOption("--threads", values.threads, 1)!;
  const worst = integerOption("--worst", values.worst, 0);
  ignoreIndexOf(values);
  topK(values["top-k"]);
  integerOption("--classes", values.classes, 1);
  const [logitsPath, labelsPath, more] = positionals;
  if (labelsPath === undefined || more !== undefined) {
    throw new UsageError(`evaluate takes two files, LOGITS and LABELS, but got ${positionals.length}`);
  }
  if (logitsPath === "-" && labelsPath === "-") throw new UsageError("only one of LOGITS and LABELS can be -");
  const logitsOptions = { dtype: dtypeOption("--dtype", values.dtype), tensor: values.tensor };
  const labelsDtype =
    dtypeOption("--labels-dtype", values["labels-dtype"]) ?? (loss === "mse" ? logitsOptions.dtype : undefined);
  checkOutputs(
    [
      ["--state", values.state],
      ["--report", values.report],
    ],
    [
      ["LOGITS", logitsPath],
      ["LABELS", labelsPath],
    ],
  );

  const open: { close(): unknown }[] = [];
  try {
    const logits = await openTensor(logitsPath, { ...logitsOptions, role: "logits" });
    open.push(logits);
    const role = loss === "mse" ? "logits" : "labels";
    const labels = await openTensor(labelsPath, { dtype: labelsDtype, tensor: values["labels-tensor"], role });
    open.push(labels);
    const losses = await createLosses({ backend, threads, relaxed: values.relaxed });
    open.push(losses);
    return loss === "mse"
      ? await regression(losses, logits, labels, values)
      : await classification(losses, logits, labels, values, worst);
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

const runOf = ({ backend, threads, relaxed, notes }: Losses, elements: number, begin: number): Run => ({
  backend,
  threads,
  relaxed,
  notes,
  perSecond: elements / ((performance.now() - begin) / 1000),
});

async function classification(
  losses: Losses,
  logits: Tensor,
  labelsTensor: Tensor,
  values: Values,
  worstRows: number | undefined,
): Promise<string> {
  const ignoreIndex = ignoreIndexOf(values);
  const { classes, rows, sequence } = shapeOf(logits, labelsTensor, integerOption("--classes", values.classes, 1));
  const labels = values.shift ? shifted(labelsTensor, sequence, classes, ignoreIndex) : labelsTensor;
  const options = {
    classes,
    ignoreIndex,
    topK: topK(values["top-k"]) ?? CURVE.filter((k) => k <= Math.max(classes, 5)),
    perClass: values["per-class"] || values.state !== undefined || values.report !== undefined,
  };
  const worst = worstRows === undefined ? undefined : new Worst(worstRows);
  // The engine's own evaluator also tells of every row, and takes the row that messages count from.
  const listening = losses as unknown as { evaluator(o: EvaluatorOptions, listener?: RowListener): RowEvaluator };
  const evaluator = listening.evaluator(options, worst && ((...row) => worst.add(...row)));
  const progress = progressBar((rows ?? labels.length ?? 0) * classes, "logits");
  const begin = performance.now();
  let done = 0;
  try {
    const inputs = [
      { tensor: logits, perRow: classes },
      { tensor: labels, perRow: 1 },
    ];
    for await (const batch of readTogether(losses, inputs)) {
      const [x, y] = batch.arrays;
      evaluator.addRows(labels.path, logitsOf(logits, x), y as LabelArray, done);
      done += batch.rows;
      progress.update(done * classes);
    }
  } finally {
    progress.stop();
  }
  const evaluation = evaluator.result();
  const run = runOf(losses, done * classes, begin);
  const outputs: Output[] = [];
  if (values.state !== undefined) outputs.push([values.state, evaluator.state()]);
  if (values.report !== undefined) {
    outputs.push([values.report, htmlReport(`${logits.path}, ${labels.path}`, evaluation, run, worst?.rows)]);
  }
  writeFiles(outputs);
  return printed(evaluation, run, worst, values.json);
}

function printed(evaluation: Evaluation, run: Run, worst: Worst | undefined, asJson: boolean): string {
  const { perSecond, ...engine } = run;
  if (!asJson) return evaluationTable(evaluation, run, worst?.rows);
  return json({ ...evaluation, ...(worst ? { worst: worst.rows } : {}), ...engine, logitsPerSecond: perSecond });
}

async function regression(losses: Losses, predictions: Tensor, targets: Tensor, values: Values): Promise<string> {
  for (const option of ["report", "worst", "shift", "per-class", "top-k"] as const) {
    if (values[option]) throw new UsageError(`--${option} is not for --loss mse`);
  }
  checkPair(predictions, targets);
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
      done += rows;
      progress.update(done);
    }
  } finally {
    progress.stop();
  }
  const result = evaluator.result();
  const run = runOf(losses, done, begin);
  if (values.state !== undefined) writeFiles([[values.state, evaluator.state()]]);
  const { perSecond, ...engine } = run;
  return values.json ? json({ ...result, ...engine, elementsPerSecond: perSecond }) : regressionTable(result, run);
}
