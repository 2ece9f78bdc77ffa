import { MAXIMAL_THREADS } from "../createLosses.ts";
import { MAXIMAL_CLASSES, MAXIMAL_TOPS, MAXIMAL_WORST } from "../evaluate/evaluatorOptions.ts";
import { isAddress } from "../formats/addresses/schemes.ts";
import type { Beside, OpenOptions } from "../formats/openOptions.ts";
import { isReplaced, placeOf } from "../formats/place.ts";
import { isFloat, TENSOR_DTYPES, type TensorDtype } from "../formats/tensor.ts";
import { choiceOption, integerOption, parseArguments, UsageError } from "./arguments.ts";
import { checkOutputs } from "./files.ts";
import { rowsFormatOf } from "./rowsOut/rowsFormats.ts";
import { shardOption, stateOption } from "./shard.ts";

export const evaluateHelp = `wasm-loss evaluate LOGITS [LABELS] [options]

  LOGITS   floats (f16, bf16, f32, f64) of shape (rows, classes); with more dimensions, all but the last are rows
  LABELS   integers, one a row; booleans, floats that are integers, and one-hot rows, too
           both from npy, npz, safetensors, csv or tsv files, or raw binary; - is standard input;
           or from an address: https://, s3://, hf://datasets/USER/REPOSITORY/PATH
           one file may hold both: npz and safetensors by their names, csv and tsv by their columns,
           samples of lm-evaluation-harness (jsonl), and llama.cpp's base logits (kld)

  --input I            what LOGITS holds: logits (default), probabilities or log-probabilities
  --classes N          the number of classes, to check it; needed where LOGITS has no shape
  --dtype D            f16, bf16, f32 or f64: LOGITS is raw binary, if its name does not end in .npy, .npz, .safetensors
  --labels-dtype D     the same for LABELS: i8 to i64, u8 to u64, bool or floats; with --loss mse floats, by default D
  --tensor NAME        which array of LOGITS, if it has several; --labels-tensor NAME the same for LABELS
  --label-column C     the column of the labels (or targets) in csv and tsv files, by its name or its number from 1
  --columns C,C,...    the columns of the logits, probabilities or predictions; 2-11 is a range of numbers
  --ignore-index N     rows with this label don't count (default -100)
  --shift              LABELS are tokens: the logits at position t score token t + 1 of their sequence
  --loss L             cross-entropy (default), mse: LOGITS and LABELS are predictions and targets, both floats; or binary:
                       one logit (or probability) a row, labels 0 and 1 or targets between
  --top-k K,K,...      shares of rows whose label is among the K largest logits
  --per-class          loss and accuracy of each class too; of many in the table those of the highest and lowest loss
  --confusion          precision, recall and F1 of each class, and which classes are taken for which
  --names FILE         names of the classes, one a line, in what --confusion and --per-class print
  --percentiles        of the losses of rows, each with how far it may be off
  --ranking            AUROC and average precision of two classes, each with its bounds, and the ROC curve in a report;
                       always there with --loss binary
  --fit-temperature    by which temperature logits are best divided, and the loss before and after
  --weight FILE        floats, one a class: what the rows of each class weigh
  --mask FILE          integers or booleans, one a row (with --shift one a token): rows of 0 don't count
  --groups FILE        integers, one a row: the standard error is clustered by them (documents, users)
                       both also with --loss binary, and with --loss mse, where they are one an element
  --bytes N, --words N how many bytes and words the rows are the text of: bits per byte, byte and word perplexity
  --rows FILE          write loss, label, predicted class, rank (0: NaN, -1: ignored) and log-probability of each row: arrays
                       of FILE.npz, a table in FILE.csv, the losses alone in FILE.npy; with --shift also sequence, position
                       and the perplexity of the sequence
  --worst N            list the N rows with the highest loss, at most 1000; they are in the state
  --state FILE         write what was added up, for wasm-loss merge
  --report FILE        write one HTML file with the table and plots
  --threads N|auto     threads to share the rows of files out to; auto (default): all cores for files above 64 MiB, else 1
  --shard I/N          only the I-th of N parts of the rows; with --state-dir DIR its state goes to DIR/part-I-of-N.acc,
                       for wasm-loss merge DIR; DIR may be s3://BUCKET/PREFIX
  --relaxed            fused multiply-add where there is one: faster, but not the same bits everywhere
  --backend B          auto, wasm or js (default auto)
  --json               one line of JSON; NaN and Infinity are strings in it

  Example: wasm-loss evaluate logits.npy labels.npy --top-k 1,5 --report report.html
`;

export const OPTIONS = {
  input: { type: "string" },
  classes: { type: "string" },
  dtype: { type: "string" },
  "labels-dtype": { type: "string" },
  tensor: { type: "string" },
  "labels-tensor": { type: "string" },
  "label-column": { type: "string" },
  columns: { type: "string" },
  "ignore-index": { type: "string" },
  shift: { type: "boolean", default: false },
  loss: { type: "string", default: "cross-entropy" },
  "top-k": { type: "string" },
  "per-class": { type: "boolean", default: false },
  confusion: { type: "boolean", default: false },
  names: { type: "string" },
  percentiles: { type: "boolean", default: false },
  ranking: { type: "boolean", default: false },
  "fit-temperature": { type: "boolean", default: false },
  weight: { type: "string" },
  mask: { type: "string" },
  groups: { type: "string" },
  bytes: { type: "string" },
  words: { type: "string" },
  worst: { type: "string" },
  rows: { type: "string" },
  state: { type: "string" },
  report: { type: "string" },
  threads: { type: "string" },
  shard: { type: "string" },
  "state-dir": { type: "string" },
  relaxed: { type: "boolean", default: false },
  backend: { type: "string", default: "auto" },
  json: { type: "boolean", default: false },
} as const;

/** What the mse has no use for. */
const OF_CLASSES = [
  "input",
  "classes",
  "ignore-index",
  "shift",
  "top-k",
  "per-class",
  "confusion",
  "names",
  "percentiles",
  "ranking",
  "fit-temperature",
  "weight",
  "bytes",
  "words",
  "worst",
  "rows",
] as const;

/** Values of --input as the library calls them. */
export const INPUTS = {
  logits: "logits",
  probabilities: "probabilities",
  "log-probabilities": "logProbabilities",
} as const;

export const FLOATS = TENSOR_DTYPES.filter(isFloat);
export const INT32 = 2 ** 31;

function topKOption(text: string | undefined): number[] | undefined {
  const topK = text?.split(",").map((k) => integerOption("--top-k", k.trim(), 1, MAXIMAL_CLASSES));
  if (topK === undefined || topK.length <= MAXIMAL_TOPS) return topK;
  throw new UsageError(`--top-k has ${topK.length} numbers, but at most ${MAXIMAL_TOPS} are counted`);
}

/** A dtype by its name here, or by that of numpy and PyTorch: float32 is f32, uint8 u8. */
export function dtypeOption(
  option: string,
  text: string | undefined,
  choices: readonly TensorDtype[],
): TensorDtype | undefined {
  const name = text
    ?.toLowerCase()
    .replace(/^(f|bf)loat(?=\d)|^(u?)int(?=\d)/, (_, float, unsigned) => float ?? (unsigned || "i"));
  return choices.find((it) => it === name) ?? choiceOption(option, text, choices);
}

/** A file of what rows or classes come with: integers, or floats. */
export function besideOption(beside: Beside, path: string | undefined) {
  const floats = beside === "weight";
  return path === undefined ? undefined : { path, role: "labels" as const, floats, isRegression: floats, beside };
}

function checkRowsOutput(path: string): void {
  if (rowsFormatOf(path) === undefined) {
    throw new UsageError(`--rows is ${JSON.stringify(path)}, but must end in .npz, .npy or .csv`);
  }
  if (!isReplaced(placeOf(path))) throw new UsageError(`--rows is ${JSON.stringify(path)}, but must name a file`);
}

export type EvaluateOptions = ReturnType<typeof evaluateOptions>;

/** The command line of `evaluate`, checked as far as it can be before a file is read. */
export function evaluateOptions(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const backend = choiceOption("--backend", values.backend, ["auto", "wasm", "js"]);
  const input = choiceOption("--input", values.input, Object.keys(INPUTS) as (keyof typeof INPUTS)[]);
  const loss = choiceOption("--loss", values.loss, ["cross-entropy", "mse", "binary"]);
  const threads: number | "auto" | undefined =
    values.threads === "auto" ? "auto" : integerOption("--threads (or auto)", values.threads, 1, MAXIMAL_THREADS);
  const shard = shardOption(values.shard);
  const state = stateOption(values.state, values["state-dir"], shard);
  const worst = integerOption("--worst", values.worst, 0, MAXIMAL_WORST);
  const ignoreIndex = integerOption("--ignore-index", values["ignore-index"] ?? "-100", -INT32, INT32 - 1);
  const topK = topKOption(values["top-k"]);
  const classes = integerOption("--classes", values.classes, 1, MAXIMAL_CLASSES);
  const [logitsPath, labelsPath = logitsPath, more] = positionals;
  if (logitsPath === undefined || more !== undefined) {
    throw new UsageError(`evaluate takes LOGITS and LABELS, or one file of both, but got ${positionals.length}`);
  }
  const mse = loss === "mse";
  const binary = loss === "binary";
  const unused = OF_CLASSES.find((option) => {
    // of one logit a row the ranking is always told
    const isFor = !mse && (!binary || option === "input" || option === "ranking");
    return !isFor && values[option] !== undefined && values[option] !== false;
  });
  if (unused) throw new UsageError(`--${unused} is not for --loss ${loss}`);
  if (binary && input === "log-probabilities")
    throw new UsageError("--input log-probabilities is not for --loss binary");
  const dtype = dtypeOption("--dtype", values.dtype, FLOATS);
  const labelsDtype = dtypeOption("--labels-dtype", values["labels-dtype"], mse ? FLOATS : TENSOR_DTYPES);
  checkOutputs(
    [
      [values["state-dir"] === undefined ? "--state" : "--state-dir", state],
      ["--report", values.report],
      ["--rows", values.rows],
    ],
    [
      ["LOGITS", logitsPath] as const,
      ...(positionals.length > 1 ? [["LABELS", labelsPath] as const] : []),
      ...(values.groups === undefined ? [] : [["--groups", values.groups] as const]),
      ...(values.mask === undefined ? [] : [["--mask", values.mask] as const]),
      ...(values.weight === undefined ? [] : [["--weight", values.weight] as const]),
      ...(values.names === undefined ? [] : [["--names", values.names] as const]),
    ].filter(([, path]) => !isAddress(path)),
  );
  if (values.rows !== undefined) checkRowsOutput(values.rows);
  const table = {
    isRegression: mse,
    isSingle: binary,
    labelColumn: values["label-column"],
    columns: values.columns?.split(","),
    input: input && INPUTS[input],
  };
  const logits: OpenOptions = { ...table, role: "logits", floats: true, dtype, tensor: values.tensor };
  const labels: OpenOptions = {
    ...table,
    role: "labels",
    floats: mse,
    dtype: labelsDtype ?? (mse ? dtype : undefined),
    tensor: values["labels-tensor"],
  };
  return {
    logits: { path: logitsPath, ...logits },
    labels: { path: labelsPath, ...labels },
    /** Whether one file holds both. */
    isOneFile: positionals.length === 1,
    loss,
    input: input && INPUTS[input],
    classes,
    ignoreIndex,
    shift: values.shift,
    topK,
    perClass: values["per-class"],
    confusion: values.confusion,
    names: values.names,
    percentiles: values.percentiles,
    ranking: values.ranking,
    fitTemperature: values["fit-temperature"],
    weight: besideOption("weight", values.weight),
    mask: besideOption("mask", values.mask),
    groups: besideOption("groups", values.groups),
    bytes: integerOption("--bytes", values.bytes, 0),
    words: integerOption("--words", values.words, 0),
    worst,
    rows: values.rows,
    state,
    shard,
    report: values.report,
    /** Undefined where it is not given. */
    threads,
    engine: { backend, relaxed: values.relaxed },
    json: values.json,
  };
}
