import type { FloatArray } from "../dtype.ts";
import { FormatError } from "../formats/error.ts";
import { type NpyReader, openNpy } from "../formats/npy.ts";
import { shapeText } from "../formats/npyHeader.ts";
import { expFloat64 } from "../kernels/elementary.ts";
import { createLosses, type Losses } from "../losses.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import { choiceOption, integerOption, parseArguments, UsageError } from "./arguments.ts";
import { progressBar } from "./progress.ts";
import { compact, json, table } from "./text.ts";

export const evaluateHelp = `wasm-loss evaluate LOGITS LABELS [options]

  LOGITS   npy file, <f4 or <f8, shape (rows, classes); with more dimensions, all but the last are rows
  LABELS   npy file of integers, one a row

  --classes N         the number of classes, to check it; needed where LOGITS has one dimension
  --ignore-index N    rows with this label don't count (default -100)
  --backend B         auto, wasm or js (default auto)
  --json              one line of JSON; NaN and Infinity are strings in it
`;

/** Bytes of logits evaluated at once: of 2^18 to 2^21, 2^19 and 2^20 were the fastest for rows of 10 and of 50257 classes. */
const batchBytes = 2 ** 20;

/** The command `evaluate`: returns what is to be printed. */
export async function evaluate(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, {
    classes: { type: "string" },
    "ignore-index": { type: "string", default: "-100" },
    backend: { type: "string", default: "auto" },
    json: { type: "boolean", default: false },
  });
  const backend = choiceOption("--backend", values.backend, ["auto", "wasm", "js"]);
  const classes = integerOption("--classes", values.classes, 1);
  const ignoreIndex = integerOption("--ignore-index", values["ignore-index"], Number.MIN_SAFE_INTEGER)!;
  const [logitsPath, labelsPath, more] = positionals;
  if (labelsPath === undefined || more !== undefined) {
    throw new UsageError(`evaluate takes two files, LOGITS and LABELS, but got ${positionals.length}`);
  }

  const open: { close(): void }[] = [];
  try {
    const logits = openNpy(logitsPath);
    open.push(logits);
    const labels = openNpy(labelsPath);
    open.push(labels);
    const shape = shapeOf(logits, labels, classes);
    const losses = await createLosses({ backend });
    open.push(losses);
    const evaluation = { ...evaluateFiles(losses, logits, labels, { ...shape, ignoreIndex }), backend: losses.backend };
    return values.json ? json({ ...evaluation, notes: losses.notes }) : report(evaluation, losses.notes);
  } finally {
    for (const it of open.reverse()) it.close();
  }
}

interface Shape {
  rows: number;
  classes: number;
}

/** Checks that the two files fit together, before anything is computed. */
function shapeOf(logits: NpyReader, labels: NpyReader, expectedClasses: number | undefined): Shape {
  if (!/^<f/.test(logits.descr))
    throw new FormatError(`${logits.path}: logits are ${logits.descr}, but must be floats`);
  if (/^<f/.test(labels.descr)) {
    throw new FormatError(`${labels.path}: labels are ${labels.descr}, but must be integers`);
  }
  const { shape } = logits;
  let classes = shape[shape.length - 1];
  if (shape.length < 2) {
    if (expectedClasses === undefined || shape.length === 0 || logits.length % expectedClasses !== 0) {
      const reason = expectedClasses === undefined ? "--classes isn't given" : `--classes is ${expectedClasses}`;
      throw new FormatError(`${logits.path}: shape ${shapeText(shape)} is not (rows, classes), and ${reason}`);
    }
    classes = expectedClasses;
  } else if (classes !== (expectedClasses ?? classes) || classes === 0) {
    const wanted = expectedClasses === undefined ? "at least one is needed" : `--classes is ${expectedClasses}`;
    throw new FormatError(`${logits.path}: shape ${shapeText(shape)} has ${classes} classes, but ${wanted}`);
  }
  const rows = logits.length / classes;
  const leading = shape.length < 2 ? [rows] : shape.slice(0, -1);
  const fits = [leading, [rows]].some((it) => shapeText(it) === shapeText(labels.shape));
  if (!fits) {
    throw new FormatError(
      `${labels.path}: shape ${shapeText(labels.shape)} does not fit the logits of shape ${shapeText(shape)} in ${logits.path} (expected ${shapeText(leading)})`,
    );
  }
  return { rows, classes };
}

interface Evaluation extends Shape {
  /** Rows whose label is not ignoreIndex. */
  counted: number;
  /** In nats; the mean is over the counted rows. */
  loss: { sum: number; mean: number };
  perplexity: number;
  accuracy: number;
  /** Reading the files included. */
  logitsPerSecond: number;
}

/** One pass over both files, a batch at a time. */
function evaluateFiles(
  losses: Losses,
  logits: NpyReader,
  labels: NpyReader,
  { rows, classes, ignoreIndex }: Shape & { ignoreIndex: number },
): Evaluation {
  const rowBytes = classes * logits.arrayType.BYTES_PER_ELEMENT;
  const batchRows = Math.min(Math.max(1, Math.floor(batchBytes / rowBytes)), Math.max(1, rows));
  const logitsBatch = allocate(losses, logits.arrayType as typeof Float32Array, batchRows * classes);
  const labelsBatch = new labels.arrayType(batchRows);
  const sum = new ExactSum();
  let counted = 0;
  let correct = 0;
  const progress = progressBar(rows * classes, "logits");
  const begin = performance.now();
  try {
    for (let row = 0; row < rows; row += batchRows) {
      const count = Math.min(batchRows, rows - row);
      const x = logitsBatch.subarray(0, count * classes);
      const y = labelsBatch.subarray(0, count);
      logits.read(x);
      labels.read(y);
      for (let i = 0; i < count; i++) {
        const label = Number(y[i]);
        if (label === ignoreIndex) continue;
        if (!(label >= 0 && label < classes)) {
          throw new FormatError(
            `${labels.path}: labels[${row + i}] is ${y[i]}, but classes is ${classes} (allowed 0..${classes - 1}, or ignoreIndex ${ignoreIndex})`,
          );
        }
        counted++;
        if (isFirstMaximum(x, i * classes, classes, label)) correct++;
      }
      sum.addAll(losses.crossEntropy(x, y, { classes, ignoreIndex, reduction: "none" }));
      progress.update((row + count) * classes);
    }
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - begin) / 1000;
  const mean = sum.value() / counted;
  return {
    rows,
    classes,
    counted,
    loss: { sum: sum.value(), mean },
    perplexity: exp(mean),
    accuracy: correct / counted,
    logitsPerSecond: (rows * classes) / seconds,
  };
}

/** An array in the arena, so that the batch is read to where it is used; an ordinary one if a row is too large for that. */
function allocate(losses: Losses, type: typeof Float32Array | typeof Float64Array, length: number): FloatArray {
  try {
    return losses.alloc(type, length);
  } catch (error) {
    if (error instanceof RangeError) return new type(length);
    throw error;
  }
}

/** e^x with the same bits in every engine; Infinity from 2^1023.5 on. */
function exp(x: number): number {
  if (x > 709.4) return Infinity;
  const out = new Float64Array(1);
  expFloat64(Float64Array.of(x), 0, 1, 0, out, 0);
  return out[0];
}

/** Whether `index` is the argmax of its row: larger than all before, not smaller than any after. Never in a row with a NaN. */
function isFirstMaximum(logits: ArrayLike<number>, begin: number, classes: number, index: number): boolean {
  const value = logits[begin + index];
  for (let j = 0; j < index; j++) if (!(logits[begin + j] < value)) return false;
  for (let j = index; j < classes; j++) if (!(logits[begin + j] <= value)) return false;
  return true;
}

function report(it: Evaluation & { backend: string }, notes: readonly string[]): string {
  const ignored = it.rows - it.counted;
  return table([
    ["loss", `${digits(it.loss.mean)} nats (mean)`],
    ["perplexity", digits(it.perplexity)],
    ["accuracy", `${(100 * it.accuracy).toFixed(2)} %`],
    ["rows", ignored === 0 ? String(it.rows) : `${it.rows} (${it.counted} counted, ${ignored} ignored)`],
    ["classes", String(it.classes)],
    ["backend", it.backend],
    ...notes.map((note): [string, string] => ["note", note]),
    ["speed", `${compact(it.logitsPerSecond)} logits/s`],
  ]);
}

function digits(value: number): string {
  return Number(value.toPrecision(7)).toString();
}
