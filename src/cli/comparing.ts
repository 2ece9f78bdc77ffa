/** Two models compared on rows of files: all of them, or a shard's. */
import type { LabelArray } from "../dtype.ts";
import type { ModelComparison } from "../evaluate/comparison/comparer.ts";
import type { Source } from "../evaluate/coverage.ts";
import { FormatError } from "../formats/error.ts";
import type { OpenOptions } from "../formats/openOptions.ts";
import { openTensor } from "../formats/openTensor.ts";
import { classLabels } from "../formats/rows/classLabels.ts";
import { oneHotLabels } from "../formats/rows/oneHotLabels.ts";
import { checkAlike, hasRowsOfLogits, isBinary, type LogitsShape, shapeOf, textOf } from "../formats/rows/shapes.ts";
import { type RowRange, shiftedMask } from "../formats/rows/shift.ts";
import { readTogether } from "../formats/rows/together.ts";
import type { InputKind, Tensor, TensorArray } from "../formats/tensor.ts";
import { elementsOf } from "./adding/adder.ts";
import type { Beside } from "./adding/rowsAdder.ts";
import { logitsOf, releaseRoom, roomFor } from "./batches.ts";
import { checkBeside, openBeside } from "./beside.ts";
import type { CompareOptions } from "./compareOptions.ts";
import { nameIn } from "./evaluateInputs.ts";
import { INPUTS } from "./evaluateOptions.ts";
import { suspicionOf } from "./likeProbabilities.ts";
import type { Losses } from "./ownLosses.ts";
import { rangeOf } from "./rangeOf.ts";
import { sourceOf } from "./sourceOf.ts";
import { warn } from "./warn.ts";

/** What two models say of the same rows, and the labels of these where there are any. */
export interface Compared {
  readonly base: Tensor;
  readonly other: Tensor;
  readonly labels: Tensor | undefined;
  /** Whether the labels are rows of a 1 among zeros. */
  readonly isOneHot: boolean;
  /** What the rows of both hold. */
  readonly input: InputKind;
  /** What rows come with. */
  readonly beside: ReadonlyMap<Beside, Tensor>;
  readonly shape: LogitsShape;
  /** Undefined where the files don't say. */
  readonly rows: number | undefined;
}

/** As --input calls it. */
const calledOf = (kind: InputKind) => Object.entries(INPUTS).find(([, it]) => it === kind)![0];

/** What both files hold: what is said, else what they say; log-probabilities are logits, too. */
function inputOf(base: Tensor, other: Tensor, given: InputKind | undefined): InputKind {
  const [b, o] = [base, other].map(({ input }) => input);
  if (given !== undefined || b === o) return given ?? b ?? "logits";
  if (b !== "probabilities" && o !== "probabilities") return "logits";
  const said = (kind: InputKind | undefined) =>
    kind === undefined ? "does not say what it holds" : `holds ${calledOf(kind)}`;
  throw new FormatError(`${other.path}: ${said(o)}, but ${base.path} ${said(b)}: --input says what both hold`);
}

/** Opens what options name, each into `open`, and checks that it goes together; what was taken of tables is told. */
export async function openCompared(
  options: CompareOptions,
  open: { close(): unknown }[],
  tell: (note: string) => void,
): Promise<Compared> {
  const opened = async (input: OpenOptions & { readonly path: string }) => {
    const tensor = await openTensor(input.path, input);
    open.push(tensor);
    if (tensor.note !== undefined) tell(tensor.note);
    return tensor;
  };
  const base = await opened(options.base);
  const other = await opened(options.other);
  const labels = options.labels && (await opened(options.labels));
  const isOneHot = labels !== undefined && hasRowsOfLogits(base, labels);
  const indices = isOneHot ? oneHotLabels(labels, warn) : labels;
  if (options.classes === undefined && labels !== undefined && isBinary(base, labels)) {
    throw new FormatError(`${base.path}: shape ${textOf(base)} is one logit a row, but compare takes two or more`);
  }
  const shape = shapeOf(base, indices ?? base, options.classes, labels !== undefined);
  checkAlike(base, other);
  const input = inputOf(base, other, options.input);
  const beside = await openBeside(options, open);
  checkBeside(beside, shape.rows, base);
  return { base, other, labels, isOneHot, input, beside, shape, rows: shape.rows ?? labels?.length };
}

/** Which rows, and who is told of them. */
export interface ComparedRows {
  /** Those of a shard. */
  readonly range?: RowRange | undefined;
  /** Stops it after a batch, with its reason. */
  readonly signal?: AbortSignal;
  readonly told?: (rows: number) => void;
}

/** Compares rows; how many there were, and why the first ones are most likely not what they are taken for. */
export async function compareRows(
  losses: Losses,
  { base, other, labels, isOneHot, input, beside, shape, rows }: Compared,
  options: CompareOptions,
  { range, signal, told }: ComparedRows = {},
): Promise<{ comparison: ModelComparison; done: number; suspicions: readonly string[] }> {
  const { ignoreIndex, worst, shift } = options;
  const { classes } = shape;
  const comparison = losses.comparison({ classes, input, ignoreIndex, worst });
  const of = (tensor: Tensor, perRow: number, ahead = 0) =>
    range ? rangeOf(tensor, ...elementsOf({ perRow, ahead }, range, rows!)) : tensor;
  const inputs = [base, other].map((tensor) => ({ tensor: of(tensor, classes), perRow: classes }));
  if (labels) {
    const given = of(labels, isOneHot ? classes : 1, shift ? 1 : 0);
    inputs.push({
      tensor: classLabels(given, { shape, isOneHot, shift, ignoreIndex, tell: warn }, range),
      perRow: 1,
    });
  }
  for (const [name, tensor] of beside) {
    const isOfTokens = shift && name === "mask";
    const given = of(tensor, 1, isOfTokens ? 1 : 0);
    inputs.push({ tensor: isOfTokens ? shiftedMask(given, shape, range) : given, perRow: 1 });
  }
  const room = roomFor(losses, inputs, 2);
  const source = labels?.path ?? base.path;
  let done = 0;
  let suspicions: string[] = [];
  try {
    const add = ([x, y, ...more]: readonly TensorArray[]) => {
      const z = labels && (more.shift() as LabelArray);
      comparison.add(logitsOf(base, x), logitsOf(other, y), z, {
        source,
        firstRow: (range?.first ?? 0) + done,
        ...(shift ? { positions: shape.sequence } : {}),
        ...Object.fromEntries([...beside.keys()].map((name, i) => [name, more[i]])),
      });
    };
    for await (const batch of readTogether(inputs, room)) {
      if (done === 0 && (range?.first ?? 0) === 0 && options.input === undefined && input === "logits") {
        suspicions = [base, other].flatMap((tensor, i) => suspicionOf(tensor, batch.arrays[i], classes) ?? []);
      }
      add(batch.arrays);
      done += batch.rows;
      told?.(done);
      signal?.throwIfAborted();
    }
    // of no rows, too, a state says which figures there are
    if (range && done === 0) add(room[0].map((array) => array.subarray(0, 0) as TensorArray));
  } finally {
    releaseRoom(losses, room);
  }
  return { comparison, done, suspicions };
}

/** Which rows of which files a state holds. */
export function sourceOfCompared(
  { base, other, labels }: Compared,
  options: CompareOptions,
  range: RowRange,
  rows: number,
): Promise<Source | null> {
  const given = [
    { tensor: base, path: options.base.path, name: nameIn(options.base) },
    { tensor: other, path: options.other.path, name: nameIn(options.other) },
    ...(labels && options.labels ? [{ tensor: labels, path: options.labels.path, name: nameIn(options.labels) }] : []),
  ];
  return sourceOf(given, range, rows);
}
