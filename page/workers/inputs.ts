// Which of some files is what: states, logits and labels, or logits of two models, in whatever order they come.

import { isBinaryState } from "../../src/evaluate/binary/binaryState.ts";
import { isComparisonState } from "../../src/evaluate/comparison/comparisonState.ts";
import { MAXIMAL_CLASSES } from "../../src/evaluate/evaluatorOptions.ts";
import { isRegressionState } from "../../src/evaluate/regression.ts";
import { isEvaluationState } from "../../src/evaluate/state.ts";
import { FormatError } from "../../src/formats/error.ts";
import { openTensor } from "../../src/formats/openTensor.ts";
import { floatsOf } from "../../src/formats/rows/floats.ts";
import { classOf } from "../../src/formats/rows/oneHotLabels.ts";
import { arrayOf, isFloat, type Tensor, type TensorArray } from "../../src/formats/tensor.ts";

/** Bytes in which a state says that it is one. */
const STATE_BEGIN = 64;

/** What is to be done with files, by their paths, and what was not to be seen by their order. */
export interface Plan {
  readonly command: "merge" | "evaluate" | "compare";
  /** As the command takes them. */
  readonly paths: readonly string[];
  readonly note?: string;
  /** The boxes of the form that it has a use for; default: all. */
  readonly boxes?: readonly string[];
}

/** What a file holds, and whether its first rows are labels, though they are read as floats of several classes. */
interface Found extends Pick<Tensor, "path" | "dtype" | "length" | "shape" | "perRow"> {
  readonly areLabels: boolean;
}

/** So many numbers are looked at, and one row at least. */
const LOOKED_AT = 4096;

/** Whether all rows are a 1 among zeros, or what a column of integers alone is read as: logits of class 1 beside 0. */
function areLabels(values: ArrayLike<number>, classes: number): boolean {
  const begins = Array.from({ length: Math.floor(values.length / classes) }, (_, row) => row * classes);
  const isColumn = (i: number) => classes === 2 && values[i] === 0 && Number.isInteger(values[i + 1]);
  return (
    begins.length > 0 &&
    (begins.every((i) => classOf(values, i, i + classes) !== undefined) || begins.every((i) => isColumn(i)))
  );
}

const isState = (begin: Uint8Array) =>
  [isEvaluationState, isRegressionState, isBinaryState, isComparisonState].some((is) => is(begin));

/** What a file holds in a role. */
async function found(path: string, role: "logits" | "labels"): Promise<Found> {
  const tensor = await openTensor(path, { role, floats: role === "logits" });
  try {
    const { dtype } = tensor;
    const classes = isFloat(dtype) ? classesOf(tensor) : 0;
    if (classes === 0) return { ...tensor, areLabels: false };
    const rows = new (arrayOf(dtype))(classes * Math.ceil(LOOKED_AT / classes)) as TensorArray;
    const read = rows.subarray(0, await tensor.read(rows));
    return { ...tensor, areLabels: areLabels(floatsOf(dtype, read), classes) };
  } finally {
    await tensor.close();
  }
}

const either = (path: string) => found(path, "logits").catch(() => found(path, "labels"));

/** Numbers a row, 0 where that is not told or a row has one alone. */
function classesOf({ shape, perRow = 0 }: Pick<Tensor, "shape" | "perRow">): number {
  const classes = shape === undefined ? perRow : shape.length < 2 ? 0 : shape[shape.length - 1];
  return classes > 1 && classes <= MAXIMAL_CLASSES ? classes : 0;
}

const isLogits = (it: Found) => isFloat(it.dtype) && classesOf(it) > 0 && !it.areLabels;

/** Whether two files hold a row of logits of each of the same rows. */
const areAlike = (a: Found, b: Found) =>
  isLogits(a) && isLogits(b) && a.length === b.length && classesOf(a) === classesOf(b);

/** Whether the first of two files holds the labels: integers beside floats, the fewer numbers, or what says so itself. */
function areSwapped(first: Found, second: Found): boolean {
  const floats = [first, second].map(({ dtype }) => isFloat(dtype));
  if (floats[0] !== floats[1]) return floats[1];
  if (first.length !== second.length) return (first.length ?? 0) < (second.length ?? 0);
  return first.areLabels && !second.areLabels;
}

const OF_COMPARISONS = ["--input", "--worst"];

/** Two models: the base is the one of wider numbers, else the one that was chosen first. */
function comparison(first: Found, second: Found, labels?: Found): Plan {
  const widths = [first, second].map(({ dtype }) => arrayOf(dtype).BYTES_PER_ELEMENT);
  const [base, other] = widths[0] < widths[1] ? [second, first] : [first, second];
  const why =
    widths[0] === widths[1]
      ? `which was chosen first: choose it again for the other way round`
      : `whose numbers are wider (${base.dtype} and ${other.dtype})`;
  return {
    command: "compare",
    paths: [base, other, ...(labels ? [labels] : [])].map(({ path }) => path),
    note: `${other.path} is compared with ${base.path}, ${why}.`,
    boxes: OF_COMPARISONS,
  };
}

/** Two files of logits and one of labels, in any order. */
async function ofThree(paths: readonly string[]): Promise<Plan> {
  const all: Found[] = [];
  for (const path of paths) all.push(await either(path));
  const models = all.filter(isLogits);
  const labels = all.find((it) => !isLogits(it));
  if (models.length === 2) return comparison(models[0], models[1], labels);
  throw new FormatError(
    `${paths[2]}: a third file: three are logits of two models and their labels, but logits are in ${models.length} of them`,
  );
}

/** What the options say of files. */
export interface Said {
  /** Predictions and targets, of which only the user knows which is which. */
  readonly isPair: boolean;
  /** Raw numbers, whose dtype is given. */
  readonly isRaw: boolean;
}

/** @throws FormatError, one line, of files that are not what a command takes */
export async function planOf(files: ReadonlyMap<string, Blob>, { isPair, isRaw }: Said): Promise<Plan> {
  const paths = [...files.keys()];
  const states: string[] = [];
  let ofClasses = true;
  for (const [path, file] of files) {
    const begin = new Uint8Array(await file.slice(0, STATE_BEGIN).arrayBuffer());
    if (!isState(begin)) continue;
    states.push(path);
    ofClasses &&= isEvaluationState(begin);
  }
  if (states.length === paths.length) return { command: "merge", paths, boxes: ofClasses ? ["--per-class"] : [] };
  const other = paths.find((path) => !states.includes(path))!;
  if (states.length > 0) {
    throw new FormatError(`${states[0]}: is a state, but ${other} is none: states are merged with states alone`);
  }
  if (paths.length > (isPair ? 2 : 3)) {
    const taken = isPair ? "two, predictions and targets" : "two, or three to compare two models";
    throw new FormatError(`${paths[paths.length - 1]}: one of ${paths.length} files, but an evaluation takes ${taken}`);
  }
  if (paths.length === 3) return isRaw ? { command: "compare", paths, boxes: OF_COMPARISONS } : ofThree(paths);
  const [first, second] = paths;
  if (isRaw || (isPair && second !== undefined)) return { command: "evaluate", paths };
  if (second === undefined) {
    const [logits, labels] = [await found(first, "logits"), await found(first, "labels")];
    if (logits.dtype === labels.dtype && String(logits.shape) === String(labels.shape)) {
      const missing = isFloat(logits.dtype) ? "labels" : "logits";
      throw new FormatError(`${first}: the ${missing} are missing: choose a second file, or one that holds both`);
    }
    return { command: "evaluate", paths };
  }
  const [one, two] = [await either(first), await either(second)];
  if (areAlike(one, two)) return comparison(one, two);
  if (!areSwapped(one, two)) return { command: "evaluate", paths };
  return { command: "evaluate", paths: [second, first], note: `${first} holds the labels, and ${second} the logits.` };
}
