import { MAXIMAL_CLASSES } from "../../evaluate/evaluatorOptions.ts";
import { FormatError } from "../error.ts";
import { shapeText } from "../npyHeader.ts";
import { isFloat, type Tensor } from "../tensor.ts";

export interface LogitsShape {
  readonly classes: number;
  /** Undefined of a pipe without a header. */
  readonly rows: number | undefined;
  /** Rows of one sequence, where logits are [batch, sequence, classes]. */
  readonly sequence: number | undefined;
}

/** The shape of a tensor in messages; numbers without one are a list. */
export function textOf({ shape, length }: Tensor): string {
  if (shape) return shapeText(shape);
  return length === undefined ? "unknown" : shapeText([length]);
}

function classesOf(logits: Tensor, expected: number | undefined): number {
  const { path, shape, length, perRow } = logits;
  if (shape === undefined && perRow !== undefined) {
    if (perRow === (expected ?? perRow)) return perRow;
    throw new FormatError(`${path}: ${perRow} columns of logits, but --classes is ${expected}`);
  }
  if (shape === undefined || shape.length < 2) {
    if (expected !== undefined && shape?.length !== 0) {
      if ((length ?? 0) % expected === 0) return expected;
      throw new FormatError(`${path}: ${length} elements are not a multiple of ${expected} (--classes)`);
    }
    const reason = expected === undefined ? "--classes isn't given" : `--classes is ${expected}`;
    throw new FormatError(`${path}: shape ${textOf(logits)} is not (rows, classes), and ${reason}`);
  }
  const classes = shape[shape.length - 1];
  if (classes > MAXIMAL_CLASSES) {
    throw new FormatError(
      `${path}: shape ${textOf(logits)} has ${classes} classes, but at most ${MAXIMAL_CLASSES} are possible`,
    );
  }
  if (classes === (expected ?? classes) && classes > 0) return classes;
  const wanted = expected === undefined ? "at least one is needed" : `--classes is ${expected}`;
  throw new FormatError(`${path}: shape ${textOf(logits)} has ${classes} classes, but ${wanted}`);
}

/** A shape without the axes of length 1 at either end: they change neither how many elements there are nor their order. */
function core(shape: readonly number[]): string {
  const isLong = (n: number) => n !== 1;
  return shapeText(shape.slice(shape.findIndex(isLong), shape.findLastIndex(isLong) + 1));
}

/** Whether there is one logit a row, as of (N,) or (N, 1) and N labels: that is binary classification. */
export function isBinary({ shape, length }: Tensor, labels: Tensor): boolean {
  const isColumn = shape !== undefined && shape.length > 1 && shape[shape.length - 1] === 1;
  return isColumn || (shape?.length === 1 && length === labels.length && labels.shape !== undefined);
}

/** Whether labels have the shape of the logits: a row for each row, as one-hot labels. */
export function hasRowsOfLogits({ shape }: Tensor, labels: Tensor): boolean {
  if (shape === undefined || shape.length < 2 || shape[shape.length - 1] < 2) return false;
  return labels.shape !== undefined && core(labels.shape) === core(shape);
}

/** Checks that logits and labels fit together, before anything is computed. */
export function shapeOf(logits: Tensor, labels: Tensor, expected: number | undefined, isLabelled = true): LogitsShape {
  if (!isFloat(logits.dtype)) throw new FormatError(`${logits.path}: logits are ${logits.dtype}, but must be floats`);
  if (expected === undefined && isLabelled && isBinary(logits, labels)) {
    throw new FormatError(
      `${logits.path}: shape ${textOf(logits)} is one logit a row, of binary classification: --loss binary`,
    );
  }
  const classes = classesOf(logits, expected);
  const { shape, length } = logits;
  const rows = length === undefined ? undefined : length / classes;
  const leading = shape === undefined || shape.length < 2 ? [rows ?? labels.length ?? 0] : shape.slice(0, -1);
  if (isLabelled && labels.length !== undefined && rows !== undefined) {
    // logits or labels without a shape of their own only have to be as many
    const flat = labels.shape === undefined || shape === undefined || shape.length < 2;
    const fits = flat ? labels.length === rows : [leading, [rows]].some((it) => core(it) === core(labels.shape ?? []));
    if (!fits) {
      throw new FormatError(
        `${labels.path}: shape ${textOf(labels)} does not fit the logits of shape ${textOf(logits)} in ${logits.path} (expected ${shapeText(leading)})`,
      );
    }
  }
  // (batch, sequence), or (batch, sequence, 1)
  const tokens = labels.shape?.slice(0, labels.shape.findLastIndex((n) => n !== 1) + 1) ?? [];
  const sequence = shape && shape.length > 2 ? shape[shape.length - 2] : tokens.length > 1 ? tokens.at(-1) : 0;
  return { classes, rows, sequence: sequence || undefined };
}

/** Whether two arrays hold the same elements in the same places; of one without a shape only the length is compared. */
function areAlike(a: Tensor, b: Tensor): boolean {
  if (a.length !== undefined && b.length !== undefined && a.length !== b.length) return false;
  return a.shape === undefined || b.shape === undefined || core(a.shape) === core(b.shape);
}

/** Checks that the logits of two models have one shape; their dtypes may differ. */
export function checkAlike(base: Tensor, other: Tensor): void {
  if (!isFloat(other.dtype)) throw new FormatError(`${other.path}: logits are ${other.dtype}, but must be floats`);
  if (areAlike(base, other)) return;
  throw new FormatError(
    `${other.path}: shape ${textOf(other)} does not fit the logits of shape ${textOf(base)} in ${base.path}`,
  );
}

/** Checks that there is a target for each of the predictions of binary classification. */
export function checkBinary(predictions: Tensor, targets: Tensor): void {
  if (!isFloat(predictions.dtype)) {
    throw new FormatError(`${predictions.path}: logits are ${predictions.dtype}, but must be floats`);
  }
  const [length, wanted] = [targets.length, predictions.length];
  if (length === wanted || length === undefined || wanted === undefined) return;
  throw new FormatError(
    `${targets.path}: shape ${textOf(targets)} does not fit one logit a row of shape ${textOf(predictions)} in ${predictions.path}`,
  );
}

/** Checks that predictions and targets have one shape. */
export function checkPair(predictions: Tensor, targets: Tensor): void {
  for (const [tensor, name] of [
    [predictions, "predictions"],
    [targets, "targets"],
  ] as const) {
    if (!isFloat(tensor.dtype)) {
      throw new FormatError(`${tensor.path}: ${name} are ${tensor.dtype}, but must be floats`);
    }
  }
  if (predictions.dtype !== targets.dtype) {
    throw new FormatError(
      `${targets.path}: targets are ${targets.dtype}, but the predictions in ${predictions.path} are ${predictions.dtype}`,
    );
  }
  if (!areAlike(predictions, targets)) {
    throw new FormatError(
      `${targets.path}: shape ${textOf(targets)} does not fit the predictions of shape ${textOf(predictions)} in ${predictions.path}`,
    );
  }
}
