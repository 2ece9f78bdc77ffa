import type { InputKind, TensorDtype } from "./tensor.ts";

/** What rows or classes come with, in files of their own. */
export type Beside = "mask" | "groups" | "weight";

/** How arrays and columns of these are called. */
export const BESIDE_NAMES: Readonly<Record<Beside, RegExp>> = {
  mask: /^((attention|loss|labels?)[_ ]?)?masks?$/i,
  groups: /^(groups?|clusters?)([_ ]?ids?)?$/i,
  weight: /^(class[_ ]?)?weights?$/i,
};

/** Why none of several arrays or columns, `kind`, is taken for one of these: another would be read as what it is not. */
export const noneCalled = (beside: Beside, kind: string): string =>
  `one of its ${kind} must be called ${beside}, or be the only one`;

export interface OpenOptions {
  /** Of a file with several arrays: the one to read. */
  readonly tensor?: string | undefined;
  /** What the file is, whatever its name: as formats are called in messages, or `raw`. */
  readonly format?: string | undefined;
  /** Of raw binary, which it makes of a file without a format of its own; of other files it is checked. */
  readonly dtype?: TensorDtype | undefined;
  /** Which of the command line's two files it is. */
  readonly role: "logits" | "labels";
  /** Whether floats are wanted, or integers, of a file with both. */
  readonly floats: boolean;
  /** What is wanted in place of labels: an array or a column that is called so, or the only one. */
  readonly beside?: Beside | undefined;
  /** Of tables: whether predictions and targets are wanted, instead of logits and labels. */
  readonly isRegression?: boolean;
  /** Of tables: whether one column of values stays one, instead of the two of class 0 and class 1. */
  readonly isSingle?: boolean;
  /** Of tables: the column of the labels, by its name or its number from 1. */
  readonly labelColumn?: string | undefined;
  /** Of tables: the columns of the logits, by their names or numbers, or as ranges of numbers. */
  readonly columns?: readonly string[] | undefined;
  /** What the logits are said to be: of several groups of columns the one that is called so. */
  readonly input?: InputKind | undefined;
}

/** As the command line calls an option of one of its two files. */
export function optionOf(role: OpenOptions["role"], option: "tensor" | "dtype"): string {
  return role === "logits" ? `--${option}` : `--labels-${option}`;
}
