import { MAXIMAL_THREADS } from "../createLosses.ts";
import type { LabelArray } from "../dtype.ts";
import { MAXIMAL_CLASSES, MAXIMAL_WORST } from "../evaluate/evaluatorOptions.ts";
import { withCoverage } from "../evaluate/state.ts";
import { openTensor } from "../formats/openTensor.ts";
import { integralLabels } from "../formats/rows/integralLabels.ts";
import { checkAlike, shapeOf, textOf } from "../formats/rows/shapes.ts";
import { shifted, shiftedMask } from "../formats/rows/shift.ts";
import { readTogether } from "../formats/rows/together.ts";
import { isFloat, TENSOR_DTYPES, type Tensor, type TensorArray } from "../formats/tensor.ts";
import type { Beside } from "./adding/rowsAdder.ts";
import { openLosses } from "./addUp.ts";
import { choiceOption, integerOption, parseArguments, UsageError } from "./arguments.ts";
import { logitsOf, releaseRoom, roomFor } from "./batches.ts";
import { openBeside } from "./beside.ts";
import { comparisonTable } from "./comparisonTable.ts";
import { besideOption, dtypeOption, FLOATS, INPUTS, INT32 } from "./evaluateOptions.ts";
import { checkOutputs, type Named, type Output, writeOutputs } from "./files.ts";
import { progressBar } from "./progress.ts";
import { comparisonReport } from "./report/comparisonReport.ts";
import { sourceOf } from "./sourceOf.ts";
import { json } from "./text.ts";
import { warn } from "./warn.ts";

export const compareHelp = `wasm-loss compare BASE OTHER [LABELS] [options]

  Two models on the same rows, in one pass over both: a quantized one with its original. Perplexities and their ratio,
  Kullback-Leibler divergence, change of the target's probability, equal maxima, with the names that llama.cpp prints.

  BASE, OTHER          floats of shape (rows, classes) each, of any dtypes, as of evaluate; BASE is the original
  LABELS               integers, one a row; without them there are divergences and equal maxima alone

  --input I            what BASE and OTHER hold: logits (default), probabilities or log-probabilities
  --classes N          the number of classes, to check it; needed where BASE has no shape
  --dtype D, --other-dtype D, --labels-dtype D   of raw binary, as of evaluate
  --tensor NAME, --other-tensor NAME, --labels-tensor NAME   which array of a file, if it has several
  --ignore-index N     rows with this label don't count (default -100)
  --shift              LABELS are tokens: the logits at position t score token t + 1 of their sequence
  --mask FILE          integers or booleans, one a row (with --shift one a token): rows of 0 don't count
  --groups FILE        integers, one a row: standard errors that are clustered by them are printed too
  --worst N            list the N rows whose loss grew most and the N whose loss fell most, at most 1000 (default 10)
  --state FILE, --report FILE, --threads N|auto, --relaxed, --backend B, --json   as of evaluate

  Example: wasm-loss compare original.npy quantized.npy labels.npy --report report.html
`;

const OPTIONS = {
  input: { type: "string" },
  classes: { type: "string" },
  dtype: { type: "string" },
  "other-dtype": { type: "string" },
  "labels-dtype": { type: "string" },
  tensor: { type: "string" },
  "other-tensor": { type: "string" },
  "labels-tensor": { type: "string" },
  "ignore-index": { type: "string", default: "-100" },
  shift: { type: "boolean", default: false },
  mask: { type: "string" },
  groups: { type: "string" },
  worst: { type: "string", default: "10" },
  state: { type: "string" },
  report: { type: "string" },
  threads: { type: "string", default: "1" },
  relaxed: { type: "boolean", default: false },
  backend: { type: "string", default: "auto" },
  json: { type: "boolean", default: false },
} as const;

function compareOptions(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [base, other, labels, more] = positionals;
  if (other === undefined || more !== undefined) {
    throw new UsageError(`compare takes two files or three, BASE, OTHER and LABELS, but got ${positionals.length}`);
  }
  if (positionals.filter((path) => path === "-").length > 1) throw new UsageError("only one input can be -");
  if (values.shift && labels === undefined) throw new UsageError("--shift needs LABELS");
  const names = ["BASE", "OTHER", "LABELS"];
  checkOutputs(
    [
      ["--state", values.state],
      ["--report", values.report],
    ],
    [
      ...positionals.map((path, i): Named => [names[i], path]),
      ...(["mask", "groups"] as const).flatMap((key): Named[] => {
        const path = values[key];
        return path === undefined ? [] : [[`--${key}`, path]];
      }),
    ],
  );
  const floats = { role: "logits", floats: true } as const;
  const input = choiceOption("--input", values.input, Object.keys(INPUTS) as (keyof typeof INPUTS)[]);
  return {
    base: { path: base, ...floats, dtype: dtypeOption("--dtype", values.dtype, FLOATS), tensor: values.tensor },
    other: {
      path: other,
      ...floats,
      dtype: dtypeOption("--other-dtype", values["other-dtype"] ?? values.dtype, FLOATS),
      tensor: values["other-tensor"],
    },
    labels:
      labels === undefined
        ? undefined
        : {
            path: labels,
            role: "labels" as const,
            floats: false,
            dtype: dtypeOption("--labels-dtype", values["labels-dtype"], TENSOR_DTYPES),
            tensor: values["labels-tensor"],
          },
    input: INPUTS[input ?? "logits"],
    classes: integerOption("--classes", values.classes, 1, MAXIMAL_CLASSES),
    ignoreIndex: integerOption("--ignore-index", values["ignore-index"], -INT32, INT32 - 1),
    shift: values.shift,
    mask: besideOption(values.mask),
    groups: besideOption(values.groups),
    worst: integerOption("--worst", values.worst, 0, MAXIMAL_WORST),
    state: values.state,
    report: values.report,
    engine: {
      backend: choiceOption("--backend", values.backend, ["auto", "wasm", "js"]),
      relaxed: values.relaxed,
    },
    threads:
      values.threads === "auto"
        ? ("auto" as const)
        : integerOption("--threads (or auto)", values.threads, 1, MAXIMAL_THREADS),
    json: values.json,
  };
}

type CompareOptions = ReturnType<typeof compareOptions>;

/** The command `compare`: returns what is to be printed. */
export async function compare(args: readonly string[]): Promise<string> {
  const options = compareOptions(args);
  const open: { close(): unknown }[] = [];
  try {
    const base = await openTensor(options.base.path, options.base);
    open.push(base);
    const other = await openTensor(options.other.path, options.other);
    open.push(other);
    const labels = options.labels && (await openTensor(options.labels.path, options.labels));
    if (labels) open.push(labels);
    const beside = await openBeside(options, open);
    const losses = await openLosses(options.engine, options.threads ?? 1);
    open.push(losses);
    return await compareTensors(losses, base, other, labels, beside, options, args);
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

async function compareTensors(
  losses: Awaited<ReturnType<typeof openLosses>>,
  base: Tensor,
  other: Tensor,
  labelsTensor: Tensor | undefined,
  beside: ReadonlyMap<Beside, Tensor>,
  options: CompareOptions,
  args: readonly string[],
): Promise<string> {
  const { ignoreIndex, input, worst } = options;
  const shape = shapeOf(base, labelsTensor ?? base, options.classes, labelsTensor !== undefined);
  const { classes, rows } = shape;
  checkAlike(base, other);
  const comparison = losses.comparison({ classes, input, ignoreIndex, worst });
  const inputs = [
    { tensor: base, perRow: classes },
    { tensor: other, perRow: classes },
  ];
  if (labelsTensor) {
    const integral = isFloat(labelsTensor.dtype)
      ? integralLabels(labelsTensor, classes, ignoreIndex, warn)
      : labelsTensor;
    inputs.push({ tensor: options.shift ? shifted(integral, shape, ignoreIndex) : integral, perRow: 1 });
  }
  for (const [name, tensor] of beside) {
    const isOfTokens = options.shift && name === "mask";
    inputs.push({ tensor: isOfTokens ? shiftedMask(tensor, shape) : tensor, perRow: 1 });
  }
  const progress = await progressBar(2 * (rows ?? labelsTensor?.length ?? 0) * classes, "logits");
  const begin = performance.now();
  let done = 0;
  const room = roomFor(losses, inputs, 2);
  try {
    for await (const batch of readTogether(inputs, room)) {
      const [x, y, ...more] = batch.arrays as [TensorArray, TensorArray, ...LabelArray[]];
      const labels = labelsTensor && more.shift();
      comparison.add(logitsOf(base, x), logitsOf(other, y), labels, {
        source: labelsTensor?.path ?? base.path,
        ...(options.shift ? { positions: shape.sequence } : {}),
        ...Object.fromEntries([...beside.keys()].map((name, i) => [name, more[i]])),
      });
      done += batch.rows;
      progress.update(2 * done * classes);
    }
  } finally {
    progress.stop();
    releaseRoom(losses, room);
  }
  const result = comparison.result();
  const { backend, threads, relaxed, notes } = losses;
  const perSecond = (2 * done * classes) / ((performance.now() - begin) / 1000);
  const run = { backend, threads, relaxed, notes, perSecond };
  const outputs: Output[] = [];
  if (options.state !== undefined) outputs.push([options.state, await stateOf()]);
  if (options.report !== undefined) {
    const tensors = [base, other, ...(labelsTensor ? [labelsTensor] : [])];
    const making = {
      args: ["compare", ...args],
      inputs: tensors.map(
        (it, i) => [["base", "other", "labels"][i], `${it.path}: ${it.dtype} ${textOf(it)}`] as const,
      ),
    };
    const subject = { of: other.path, against: `the base ${base.path}` };
    outputs.push([options.report, comparisonReport({ subject, making, comparison: result, run })]);
  }
  const text = options.json
    ? json({ ...result, backend, threads, relaxed, notes, logitsPerSecond: perSecond })
    : comparisonTable(result, run);
  await writeOutputs(outputs, text);
  return text;

  /** The state, and which rows of which files it holds. */
  async function stateOf(): Promise<Uint8Array> {
    const given = [
      { tensor: base, path: options.base.path, name: options.base.tensor },
      { tensor: other, path: options.other.path, name: options.other.tensor },
      ...(labelsTensor && options.labels
        ? [{ tensor: labelsTensor, path: options.labels.path, name: options.labels.tensor }]
        : []),
    ];
    const source = await sourceOf(given, { first: 0, end: done }, done);
    return source === null ? comparison.state() : withCoverage(comparison.state(), [source]);
  }
}
