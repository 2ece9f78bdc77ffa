// Which of some files is what: states, or logits and labels, in whatever order they come.
import { isRegressionState } from "../../src/evaluate/regression.ts";
import { isEvaluationState } from "../../src/evaluate/state.ts";
import { FormatError } from "../../src/formats/error.ts";
import { openTensor } from "../../src/formats/openTensor.ts";
import { isFloat, type Tensor } from "../../src/formats/tensor.ts";

/** Bytes in which a state says that it is one. */
const STATE_BEGIN = 64;

/** What is to be done with files, by their paths. */
export type Plan =
  | { readonly command: "merge"; readonly paths: readonly string[] }
  | { readonly command: "evaluate"; readonly logits: string; readonly labels: string; readonly swapped: boolean };

type Found = Pick<Tensor, "dtype" | "length" | "shape">;

async function isState(file: Blob): Promise<boolean> {
  const begin = new Uint8Array(await file.slice(0, STATE_BEGIN).arrayBuffer());
  return isEvaluationState(begin) || isRegressionState(begin);
}

/** What a file holds in a role. */
async function found(path: string, role: "logits" | "labels"): Promise<Found> {
  const tensor = await openTensor(path, { role, floats: role === "logits" });
  await tensor.close();
  return tensor;
}

/** Whether the first of two files holds the labels: integers beside floats, or the fewer numbers. */
function areSwapped(first: Found, second: Found): boolean {
  const floats = [first, second].map(({ dtype }) => isFloat(dtype));
  if (floats[0] !== floats[1]) return floats[1];
  return (first.length ?? 0) < (second.length ?? 0);
}

/** @throws FormatError, one line, of files that are not what an evaluation takes */
export async function planOf(files: ReadonlyMap<string, Blob>, mse: boolean, raw: boolean): Promise<Plan> {
  const paths = [...files.keys()];
  const states: string[] = [];
  for (const [path, file] of files) if (await isState(file)) states.push(path);
  if (states.length === paths.length) return { command: "merge", paths };
  const other = paths.find((path) => !states.includes(path))!;
  if (states.length > 0) {
    throw new FormatError(`${states[0]}: is a state, but ${other} is none: states are merged with states alone`);
  }
  if (paths.length > 2) {
    throw new FormatError(`${paths[2]}: a third file, but an evaluation takes two, logits and labels`);
  }
  const [first, second = first] = paths;
  // which is which only the user knows
  if (raw || (mse && second !== first)) return { command: "evaluate", logits: first, labels: second, swapped: false };
  if (second === first) {
    const [logits, labels] = [await found(first, "logits"), await found(first, "labels")];
    if (logits.dtype === labels.dtype && String(logits.shape) === String(labels.shape)) {
      const missing = isFloat(logits.dtype) ? "labels" : "logits";
      throw new FormatError(`${first}: the ${missing} are missing: choose a second file, or one that holds both`);
    }
    return { command: "evaluate", logits: first, labels: first, swapped: false };
  }
  const either = (path: string) => found(path, "logits").catch(() => found(path, "labels"));
  const swapped = areSwapped(await either(first), await either(second));
  return { command: "evaluate", logits: swapped ? second : first, labels: swapped ? first : second, swapped };
}
