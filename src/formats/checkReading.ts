import { checkFlag, checkInteger, checkOptions, INT32_MAX, kindOf } from "../check.ts";
import { FORMAT_NAMES } from "./openFrom.ts";
import { arrayOf, TENSOR_DTYPES, type Tensor, type TensorArray } from "./tensor.ts";

type Check = (name: string, option: string, value: unknown) => void;

const choice =
  (choices: readonly string[]): Check =>
  (name, option, value) => {
    if (typeof value !== "string") throw new TypeError(`${name}: ${option} must be a string, but is ${kindOf(value)}`);
    if (choices.includes(value)) return;
    throw new RangeError(`${name}: ${option} is ${JSON.stringify(value)} (allowed ${choices.join(", ")})`);
  };

const integer =
  (minimum: number, maximum: number): Check =>
  (name, option, value) =>
    checkInteger(name, option, value as number, minimum, maximum);

const text: Check = (name, option, value) => {
  if (typeof value !== "string") throw new TypeError(`${name}: ${option} must be a string, but is ${kindOf(value)}`);
};

const texts: Check = (name, option, value) => {
  if (!Array.isArray(value)) {
    throw new TypeError(`${name}: ${option} must be an array of strings, but is ${kindOf(value)}`);
  }
  if (value.length === 0) throw new RangeError(`${name}: ${option} is empty, but at least one is needed`);
  value.forEach((it, i) => {
    text(name, `${option}[${i}]`, it);
  });
};

const dtype = choice(TENSOR_DTYPES);
const format = choice(FORMAT_NAMES);

/** What the options of readers must be; files are checked where they are opened. */
const CHECKS: Readonly<Record<string, Check>> = {
  batchBytes: integer(1, 2 ** 30),
  classes: integer(1, 2 ** 24),
  columns: texts,
  dtype,
  format,
  ignoreIndex: integer(-INT32_MAX - 1, INT32_MAX),
  input: choice(["logits", "probabilities", "logProbabilities"]),
  labelColumn: text,
  labelsDtype: dtype,
  labelsFormat: format,
  labelsTensor: text,
  role: choice(["logits", "labels"]),
  shift: checkFlag,
  targetsDtype: dtype,
  targetsFormat: format,
  targetsTensor: text,
  tensor: text,
};

/** Options of a reader: every name is known, and every value is what it must be. */
export function checkReading(name: string, options: object, known: readonly string[]): void {
  checkOptions(name, options, known);
  for (const [option, value] of Object.entries(options)) if (value !== undefined) CHECKS[option]?.(name, option, value);
}

/** What an array is read into: one of another type would take its bytes for other numbers. */
export function checkInto({ dtype: own }: Tensor, into: TensorArray): void {
  const type = arrayOf(own);
  // by its name, as arrays may be of another realm
  if (ArrayBuffer.isView(into) && Object.prototype.toString.call(into) === `[object ${type.name}]`) return;
  throw new TypeError(`read: into must be a ${type.name} (the array is ${own}), but is ${kindOf(into)}`);
}
