import { FormatError } from "../formats/error.ts";
import { openTensor } from "../formats/openTensor.ts";
import { isFloat, type Tensor } from "../formats/tensor.ts";
import type { Beside } from "./adding/rowsAdder.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";

/** Where each is, if it is given. */
type Places = Pick<EvaluateOptions, Beside>;

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
