import type { Source } from "../evaluate/coverage.ts";
import type { Both } from "../formats/format.ts";
import type { OpenOptions } from "../formats/openOptions.ts";
import { openBoth, openTensor } from "../formats/openTensor.ts";
import type { RowRange } from "../formats/rows/shift.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";
import { sourceOf } from "./sourceOf.ts";

/** Logits and labels, from two files or from one, and into `open`; what was taken of tables is told. */
export async function openInputs(
  { logits, labels, isOneFile }: EvaluateOptions,
  open: { close(): unknown }[],
  tell: (note: string) => void,
): Promise<Both> {
  if (isOneFile) {
    const both = await openBoth(logits.path, logits, labels);
    open.push(both.logits, both.labels);
    if (both.logits.note !== undefined) tell(both.logits.note);
    return both;
  }
  const tensors: Tensor[] = [];
  for (const { path, ...options } of [logits, labels]) {
    const tensor = await openTensor(path, options);
    open.push(tensor);
    tensors.push(tensor);
    if (tensor.note !== undefined) tell(tensor.note);
  }
  return { logits: tensors[0], labels: tensors[1] };
}

/** Which array of a file, or which columns. */
export const nameIn = ({ role, tensor, columns, labelColumn }: OpenOptions) =>
  tensor ?? (role === "logits" ? columns?.join() : labelColumn);

/** Which rows of which files a state holds. */
export function sourceOfInputs(
  { logits, labels }: Both,
  options: EvaluateOptions,
  range: RowRange,
  rows: number,
): Promise<Source | null> {
  return sourceOf(
    [
      { tensor: logits, path: options.logits.path, name: nameIn(options.logits) },
      { tensor: labels, path: options.labels.path, name: nameIn(options.labels) },
    ],
    range,
    rows,
  );
}
