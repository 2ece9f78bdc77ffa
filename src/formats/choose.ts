import { FormatError } from "./error.ts";
import { type OpenOptions, optionOf } from "./openOptions.ts";
import { isFloat, type TensorDtype } from "./tensor.ts";

interface Candidate {
  readonly name: string;
  readonly dtype: TensorDtype | undefined;
}

const LISTED = 10;

/**
 * One of several arrays of a file: the one asked for, else the one called as its role, else the only one of floats (or of
 * integers, or of booleans where there are none), else the only one. FormatError, with the names there are, where that
 * leaves none or several.
 */
export function choose<C extends Candidate>(
  path: string,
  candidates: readonly C[],
  { tensor: name, role, floats }: OpenOptions,
): C {
  const names = candidates.slice(0, LISTED).map((it) => JSON.stringify(it.name.slice(0, 80)));
  const list = `${names.join(", ")}${candidates.length > LISTED ? `, ... (${candidates.length})` : ""}`;
  if (name !== undefined) {
    const found = candidates.find((it) => it.name === name);
    if (found) return found;
    throw new FormatError(`${path}: no tensor ${JSON.stringify(name)} (there are ${list || "none"})`);
  }
  const called = candidates.find((it) => it.name === role);
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
