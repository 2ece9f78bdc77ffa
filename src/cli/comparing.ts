/** Two models compared on rows of files: all of them, or a shard's. */
import type { LabelArray } from "../dtype.ts";
import type { ModelComparison } from "../evaluate/comparison/comparer.ts";
import type { Source } from "../evaluate/coverage.ts";
import type { OpenOptions } from "../formats/openOptions.ts";
import { openTensor } from "../formats/openTensor.ts";
import { integralLabels } from "../formats/rows/integralLabels.ts";
import { checkAlike, type LogitsShape, shapeOf } from "../formats/rows/shapes.ts";
import { type RowRange, shifted, shiftedMask } from "../formats/rows/shift.ts";
import { readTogether } from "../formats/rows/together.ts";
import { isFloat, type Tensor, type TensorArray } from "../formats/tensor.ts";
import type { Losses } from "../inlinedLosses.ts";
import { elementsOf } from "./adding/adder.ts";
import type { Beside } from "./adding/rowsAdder.ts";
import { logitsOf, releaseRoom, roomFor } from "./batches.ts";
import { openBeside } from "./beside.ts";
import type { CompareOptions } from "./compareOptions.ts";
import { rangeOf } from "./rangeOf.ts";
import { sourceOf } from "./sourceOf.ts";
import { warn } from "./warn.ts";

/** What two models say of the same rows, and the labels of these where there are any. */
export interface Compared {
  readonly base: Tensor;
  readonly other: Tensor;
  readonly labels: Tensor | undefined;
  /** What rows come with. */
  readonly beside: ReadonlyMap<Beside, Tensor>;
  readonly shape: LogitsShape;
  /** Undefined where the files don't say. */
  readonly rows: number | undefined;
}

/** Opens what options name, each into `open`, and checks that it goes together. */
export async function openCompared(options: CompareOptions, open: { close(): unknown }[]): Promise<Compared> {
  const opened = async (input: OpenOptions & { readonly path: string }) => {
    const tensor = await openTensor(input.path, input);
    open.push(tensor);
    return tensor;
  };
  const base = await opened(options.base);
  const other = await opened(options.other);
  const labels = options.labels && (await opened(options.labels));
  const shape = shapeOf(base, labels ?? base, options.classes, labels !== undefined);
  checkAlike(base, other);
  const beside = await openBeside(options, open);
  return { base, other, labels, beside, shape, rows: shape.rows ?? labels?.length };
}

/** Which rows, and who is told of them. */
export interface ComparedRows {
  /** Those of a shard. */
  readonly range?: RowRange | undefined;
  /** Stops it after a batch, with its reason. */
  readonly signal?: AbortSignal;
  readonly told?: (rows: number) => void;
}

/** Compares rows; how many there were. */
export async function compareRows(
  losses: Losses,
  { base, other, labels, beside, shape, rows }: Compared,
  options: CompareOptions,
  { range, signal, told }: ComparedRows = {},
): Promise<{ comparison: ModelComparison; done: number }> {
  const { ignoreIndex, input, worst, shift } = options;
  const { classes } = shape;
  const comparison = losses.comparison({ classes, input, ignoreIndex, worst });
  const of = (tensor: Tensor, perRow: number, ahead = 0) =>
    range ? rangeOf(tensor, ...elementsOf({ perRow, ahead }, range, rows!)) : tensor;
  const inputs = [base, other].map((tensor) => ({ tensor: of(tensor, classes), perRow: classes }));
  if (labels) {
    const given = of(labels, 1, shift ? 1 : 0);
    const integral = isFloat(labels.dtype) ? integralLabels(given, classes, ignoreIndex, warn, range?.first) : given;
    inputs.push({ tensor: shift ? shifted(integral, shape, ignoreIndex, range) : integral, perRow: 1 });
  }
  for (const [name, tensor] of beside) {
    const isOfTokens = shift && name === "mask";
    const given = of(tensor, 1, isOfTokens ? 1 : 0);
    inputs.push({ tensor: isOfTokens ? shiftedMask(given, shape, range) : given, perRow: 1 });
  }
  const room = roomFor(losses, inputs, 2);
  const source = labels?.path ?? base.path;
  let done = 0;
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
  return { comparison, done };
}

/** Which rows of which files a state holds. */
export function sourceOfCompared(
  { base, other, labels }: Compared,
  options: CompareOptions,
  range: RowRange,
  rows: number,
): Promise<Source | null> {
  const given = [
    { tensor: base, path: options.base.path, name: options.base.tensor },
    { tensor: other, path: options.other.path, name: options.other.tensor },
    ...(labels && options.labels ? [{ tensor: labels, path: options.labels.path, name: options.labels.tensor }] : []),
  ];
  return sourceOf(given, range, rows);
}
