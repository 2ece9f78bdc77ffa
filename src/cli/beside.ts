import { FormatError } from "../formats/error.ts";
import { openTensor } from "../formats/openTensor.ts";
import { isFloat, type Tensor } from "../formats/tensor.ts";
import type { Beside } from "./adding/adder.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";

/** Where each is, if it is given. */
type Places = Pick<EvaluateOptions, Beside>;

/** Refuses what is not one number a row, before rows are read: of a part of them it would not be seen. */
export function checkBeside(beside: ReadonlyMap<Beside, Tensor>, rows: number | undefined, logits: Tensor): void {
  for (const [name, { path, length }] of beside) {
    if (length === rows || length === undefined || rows === undefined) continue;
    const what = name === "mask" ? "a mask of" : "groups of";
    throw new FormatError(`${path}: ${what} ${length} rows, but there are ${rows} in ${logits.path}`);
  }
}

/** What rows come with, in the order in which it is added; each is put into `open`. */
export async function openBeside(options: Places, open: { close(): unknown }[]): Promise<ReadonlyMap<Beside, Tensor>> {
  const beside = new Map<Beside, Tensor>();
  for (const name of ["groups", "mask"] as const) {
    const given = options[name];
    if (given === undefined) continue;
    const tensor = await openTensor(given.path, given);
    open.push(tensor);
    if (isFloat(tensor.dtype)) {
      const what = name === "mask" ? "a mask is" : "groups are";
      throw new FormatError(`${tensor.path}: ${what} ${tensor.dtype}, but must be integers`);
    }
    beside.set(name, tensor);
  }
  return beside;
}
