import { MAXIMAL_CLASSES } from "../evaluate/evaluatorOptions.ts";
import { FormatError } from "../formats/error.ts";
import { shapeText } from "../formats/npyHeader.ts";
import { isFloat, type Tensor } from "../formats/tensor.ts";

export interface LogitsShape {
  readonly classes: number;
  /** Undefined of a pipe without a header. */
  readonly rows: number | undefined;
  /** Rows of one sequence, where logits are [batch, sequence, classes]. */
  readonly sequence: number | undefined;
}

const text = (shape: readonly number[] | undefined) => (shape ? shapeText(shape) : "unknown");

function classesOf({ path, shape, length }: Tensor, expected: number | undefined): number {
  if (shape === undefined || shape.length < 2) {
    if (expected !== undefined && shape?.length !== 0) {
      if ((length ?? 0) % expected === 0) return expected;
      throw new FormatError(`${path}: ${length} elements are not a multiple of ${expected} (--classes)`);
    }
    const reason = expected === undefined ? "--classes isn't given" : `--classes is ${expected}`;
    throw new FormatError(`${path}: shape ${text(shape)} is not (rows, classes), and ${reason}`);
  }
  const classes = shape[shape.length - 1];
  if (classes > MAXIMAL_CLASSES) {
    throw new FormatError(
      `${path}: shape ${text(shape)} has ${classes} classes, but at most ${MAXIMAL_CLASSES} are possible`,
    );
  }
  if (classes === (expected ?? classes) && classes > 0) return classes;
  const wanted = expected === undefined ? "at least one is needed" : `--classes is ${expected}`;
  throw new FormatError(`${path}: shape ${text(shape)} has ${classes} classes, but ${wanted}`);
}

/** Checks that logits and labels fit together, before anything is computed. */
export function shapeOf(logits: Tensor, labels: Tensor, expected: number | undefined): LogitsShape {
  if (!isFloat(logits.dtype)) throw new FormatError(`${logits.path}: logits are ${logits.dtype}, but must be floats`);
  if (isFloat(labels.dtype)) throw new FormatError(`${labels.path}: labels are ${labels.dtype}, but must be integers`);
  const classes = classesOf(logits, expected);
  const { shape, length } = logits;
  const rows = length === undefined ? undefined : length / classes;
  const leading = shape === undefined || shape.length < 2 ? [rows ?? labels.length ?? 0] : shape.slice(0, -1);
  if (labels.shape && rows !== undefined) {
    // logits without a shape of their own take any labels that are as many
    const flat = shape === undefined || shape.length < 2;
    const fits = flat ? labels.length === rows : [leading, [rows]].some((it) => shapeText(it) === text(labels.shape));
    if (!fits) {
      throw new FormatError(
        `${labels.path}: shape ${text(labels.shape)} does not fit the logits of shape ${text(shape)} in ${logits.path} (expected ${shapeText(leading)})`,
      );
    }
  }
  const tokens = labels.shape;
  const sequence =
    shape && shape.length > 2 ? shape[shape.length - 2] : tokens && tokens.length > 1 ? tokens.at(-1) : 0;
  return { classes, rows, sequence: sequence || undefined };
}

/** Whether two arrays of as many elements can't be meant to go together: both are tables, of rows of two lengths. */
function areTransposed(a: readonly number[] = [], b: readonly number[] = []): boolean {
  const [p, t] = [a, b].map((shape) => shape.filter((n) => n !== 1));
  return p.length > 1 && t.length > 1 && p.at(-1) !== t.at(-1);
}

/** Checks that predictions and targets are as many numbers. */
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
  const [a, b] = [predictions.length, targets.length];
  if ((a !== undefined && b !== undefined && a !== b) || areTransposed(predictions.shape, targets.shape)) {
    throw new FormatError(
      `${targets.path}: shape ${text(targets.shape)} does not fit the predictions of shape ${text(predictions.shape)} in ${predictions.path}`,
    );
  }
}
