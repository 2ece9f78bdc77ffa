import { MAXIMAL_THREADS } from "../createLosses.ts";
import { MAXIMAL_CLASSES, MAXIMAL_WORST } from "../evaluate/evaluatorOptions.ts";
import { isAddress } from "../formats/addresses/schemes.ts";
import { TENSOR_DTYPES } from "../formats/tensor.ts";
import { choiceOption, integerOption, parseArguments, UsageError } from "./arguments.ts";
import { besideOption, dtypeOption, FLOATS, INPUTS, INT32 } from "./evaluateOptions.ts";
import { checkOutputs, type Named } from "./files.ts";
import { shardOption, stateOption } from "./shard.ts";

export const compareHelp = `wasm-loss compare BASE OTHER [LABELS] [options]

  Two models on the same rows, in one pass over both: a quantized one with its original. Perplexities and their ratio,
  Kullback-Leibler divergence, change of the target's probability, equal maxima, with the names that llama.cpp prints.

  BASE, OTHER          floats of shape (rows, classes) each, of any dtypes, as of evaluate; BASE is the original
  LABELS               integers, one a row, or one-hot rows; without them there are divergences and equal maxima alone

  --input I            what BASE and OTHER hold: logits, probabilities or log-probabilities; by default what they say, or logits
  --classes N          the number of classes, to check it; needed where BASE has no shape
  --dtype D, --other-dtype D, --labels-dtype D   of raw binary, as of evaluate
  --tensor NAME, --other-tensor NAME, --labels-tensor NAME   which array of a file, if it has several
  --label-column C, --columns C,C,...   of csv and tsv files, as of evaluate
  --ignore-index N     rows with this label don't count (default -100)
  --shift              LABELS are tokens: the logits at position t score token t + 1 of their sequence
  --mask FILE          integers or booleans, one a row (with --shift one a token): rows of 0 don't count
  --groups FILE        integers, one a row: standard errors that are clustered by them are printed too
  --worst N            list the N rows whose loss grew most and the N whose loss fell most, at most 1000 (default 10)
  --shard I/N          only the I-th of N parts of the rows; with --state-dir DIR as of evaluate
  --state FILE, --report FILE, --threads N|auto, --relaxed, --backend B, --json   as of evaluate

  Example: wasm-loss compare original.npy quantized.npy labels.npy --report report.html
`;

export const COMPARE_OPTIONS = {
  input: { type: "string" },
  classes: { type: "string" },
  dtype: { type: "string" },
  "other-dtype": { type: "string" },
  "labels-dtype": { type: "string" },
  tensor: { type: "string" },
  "other-tensor": { type: "string" },
  "labels-tensor": { type: "string" },
  "label-column": { type: "string" },
  columns: { type: "string" },
  "ignore-index": { type: "string", default: "-100" },
  shift: { type: "boolean", default: false },
  mask: { type: "string" },
  groups: { type: "string" },
  worst: { type: "string", default: "10" },
  state: { type: "string" },
  shard: { type: "string" },
  "state-dir": { type: "string" },
  report: { type: "string" },
  threads: { type: "string", default: "1" },
  relaxed: { type: "boolean", default: false },
  backend: { type: "string", default: "auto" },
  json: { type: "boolean", default: false },
} as const;

/** The command line of `compare`, checked as far as it can be before a file is read. */
export function compareOptions(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, COMPARE_OPTIONS);
  const [base, other, labels, more] = positionals;
  if (other === undefined || more !== undefined) {
    throw new UsageError(`compare takes two files or three, BASE, OTHER and LABELS, but got ${positionals.length}`);
  }
  if (values.shift && labels === undefined) throw new UsageError("--shift needs LABELS");
  const shard = shardOption(values.shard);
  const state = stateOption(values.state, values["state-dir"], shard);
  const names = ["BASE", "OTHER", "LABELS"];
  checkOutputs(
    [
      [values["state-dir"] === undefined ? "--state" : "--state-dir", state],
      ["--report", values.report],
    ],
    [
      ...positionals.map((path, i): Named => [names[i], path]),
      ...(["mask", "groups"] as const).flatMap((key): Named[] => {
        const path = values[key];
        return path === undefined ? [] : [[`--${key}`, path]];
      }),
    ].filter(([, path]) => !isAddress(path)),
  );
  const kind = choiceOption("--input", values.input, Object.keys(INPUTS) as (keyof typeof INPUTS)[]);
  const input = kind && INPUTS[kind];
  const table = { labelColumn: values["label-column"], columns: values.columns?.split(","), input };
  const floats = { ...table, role: "logits", floats: true } as const;
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
            ...table,
            path: labels,
            role: "labels" as const,
            floats: false,
            dtype: dtypeOption("--labels-dtype", values["labels-dtype"], TENSOR_DTYPES),
            tensor: values["labels-tensor"],
          },
    input,
    classes: integerOption("--classes", values.classes, 1, MAXIMAL_CLASSES),
    ignoreIndex: integerOption("--ignore-index", values["ignore-index"], -INT32, INT32 - 1),
    shift: values.shift,
    mask: besideOption("mask", values.mask),
    groups: besideOption("groups", values.groups),
    worst: integerOption("--worst", values.worst, 0, MAXIMAL_WORST),
    state,
    shard,
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

export type CompareOptions = ReturnType<typeof compareOptions>;
