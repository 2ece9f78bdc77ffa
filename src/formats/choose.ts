import { FormatError } from "./error.ts";
import { BESIDE_NAMES, type Beside, noneCalled, type OpenOptions, optionOf } from "./openOptions.ts";
import { isFloat, type TensorDtype } from "./tensor.ts";

interface Candidate {
  readonly name: string;
  readonly dtype: TensorDtype | undefined;
}

const LISTED = 10;

/** How the arrays of each role are called, in Python's ways of writing it. */
const USUAL_NAMES: Readonly<Record<OpenOptions["role"], RegExp>> = {
  logits:
    /^(logits?|predictions?|preds?|y_?(pred|prob|proba|score|hat)s?|outputs?|scores?|probs?|probas?|probabilit(y|ies)|log_?probs?|logprobabilities)$/i,
  labels: /^(labels?|targets?|y|y_?true|true|truth|ground_?truth|gold|actuals?|classes|tokens?|input_ids|token_ids)$/i,
};

/** Whether an array is called as such arrays usually are: predictions that are integers are predicted classes. */
const isUsual = ({ name, dtype }: Candidate, { role, floats }: OpenOptions): boolean =>
  USUAL_NAMES[role].test(name) && (dtype === undefined || isFloat(dtype) || !floats);

/** The only one of all arrays that is called as `beside`; the only one of booleans, which are a mask; or the only one. */
function chooseBeside<C extends Candidate>(all: readonly C[], beside: Beside): C | undefined {
  const lists = [
    all.filter(({ name }) => name === beside),
    all.filter(({ name }) => BESIDE_NAMES[beside].test(name)),
    beside === "mask" ? all.filter(({ dtype }) => dtype === "bool") : [],
    all,
  ];
  return lists.find(({ length }) => length === 1)?.[0];
}

/**
 * One of several arrays of a file: the one asked for, else the one called as its role, else the only one that is called as such
 * arrays usually are, else the only one of floats (or of integers, or of booleans where there are none), else the only one.
 * FormatError, with the names there are, where that leaves none or several.
 */
export function choose<C extends Candidate>(path: string, candidates: readonly C[], options: OpenOptions): C {
  const { tensor: name, role, floats, beside } = options;
  const names = candidates.slice(0, LISTED).map((it) => JSON.stringify(it.name.slice(0, 80)));
  const list = `${names.join(", ")}${candidates.length > LISTED ? `, ... (${candidates.length})` : ""}`;
  if (name !== undefined) {
    const found = candidates.find((it) => it.name === name);
    if (found) return found;
    throw new FormatError(`${path}: no tensor ${JSON.stringify(name)} (there are ${list || "none"})`);
  }
  if (beside !== undefined) {
    const found = chooseBeside(candidates, beside);
    if (found) return found;
    throw new FormatError(`${path}: ${noneCalled(beside, "tensors")} (there are ${list || "none"})`);
  }
  const usual = candidates.filter((it) => isUsual(it, options));
  const called = candidates.find((it) => it.name === role) ?? (usual.length === 1 ? usual[0] : undefined);
  const isBool = ({ dtype }: C) => dtype === "bool";
  const kind = candidates.filter((it) => it.dtype !== undefined && isFloat(it.dtype) === floats);
  // booleans beside integers are a mask
  const fitting = kind.every(isBool) ? kind : kind.filter((it) => !isBool(it));
  const only = called ?? (fitting.length === 1 ? fitting[0] : candidates.length === 1 ? candidates[0] : undefined);
  if (only) return only;
  throw new FormatError(
    `${path}: ${optionOf(role, "tensor")} must name one of its tensors (there are ${list || "none"})`,
  );
}
