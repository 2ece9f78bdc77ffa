import type { LabelArray } from "../dtype.ts";
import { checkInto, checkReading } from "./checkReading.ts";
import { FormatError } from "./error.ts";
import { type FileInput, openerOf, type Platform } from "./fileInput.ts";
import type {
  BatchesOptions,
  FileBatch,
  FileBatches,
  FileNumbers,
  FilePairs,
  FileTensor,
  PairsOptions,
  TensorOptions,
} from "./fileTypes.ts";
import type { Both } from "./format.ts";
import { bothFrom, tensorFrom } from "./openFrom.ts";
import type { OpenOptions } from "./openOptions.ts";
import { classLabels } from "./rows/classLabels.ts";
import { oneHotLabels } from "./rows/oneHotLabels.ts";
import { checkPair, hasRowsOfLogits, shapeOf } from "./rows/shapes.ts";
import { shiftedMask } from "./rows/shift.ts";
import { batchRows, type Input, type Rows, readTogether } from "./rows/together.ts";
import { arrayOf, isFloat, type Tensor, type TensorArray, type TensorDtype } from "./tensor.ts";

const OF_TENSORS = ["tensor", "dtype", "format", "columns", "labelColumn", "batchBytes"] as const;

/** What `type` of a tensor is called elsewhere. */
const TYPES: Readonly<Record<TensorDtype, string>> = {
  f16: "float16",
  bf16: "bfloat16",
  f32: "float32",
  f64: "float64",
  i8: "int8",
  u8: "uint8",
  i16: "int16",
  u16: "uint16",
  i32: "int32",
  u32: "uint32",
  i64: "int64",
  u64: "uint64",
  bool: "bool",
};

const numbersOf = ({ dtype }: Tensor, data: TensorArray, dims: readonly number[]): FileNumbers => ({
  data,
  dims,
  type: TYPES[dtype],
});

/** Messages name options as the command line has them: --label-column is labelColumn here; `renamed` are called otherwise still. */
async function naming<T>(renamed: Readonly<Record<string, string>>, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const named = (_: string, name: string) => renamed[camel(name)] ?? camel(name);
    throw new FormatError(
      error.message.replace(/(?<![\w./-])--([a-z]+(?:-[a-z]+)*)/g, named).replace(/\bLABELS\b/, renamed.LABELS),
    );
  }
}

/** See openTensor of formats.node.ts. */
export async function openTensorOn(
  platform: Platform,
  input: FileInput,
  options: TensorOptions = {},
): Promise<FileTensor> {
  checkReading("openTensor", options, [...OF_TENSORS, "role"]);
  const { role = "logits", batchBytes, ...given } = options;
  const open = openerOf("openTensor", "input", input, platform);
  const tensor = await naming({ labelsTensor: "tensor", labelsDtype: "dtype", LABELS: "labels" }, () =>
    tensorFrom(open, { ...given, role, floats: role === "logits" }),
  );
  const perRow = tensor.shape && tensor.shape.length > 1 ? tensor.shape.at(-1)! : (tensor.perRow ?? 1);
  return {
    path: tensor.path,
    name: tensor.name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    length: tensor.length,
    note: tensor.note,
    async read(into) {
      checkInto(tensor, into);
      return tensor.read(into);
    },
    close: () => tensor.close(),
    readAll: () => readAll(tensor, perRow),
    [Symbol.asyncIterator]: () =>
      batchesOf([{ tensor, perRow: Math.max(1, perRow) }], batchBytes, ({ rows, arrays }) =>
        numbersOf(tensor, arrays[0], perRow > 1 ? [rows, perRow] : [rows]),
      ),
  };
}

async function readAll(tensor: Tensor, perRow: number): Promise<FileNumbers> {
  const type = arrayOf(tensor.dtype);
  try {
    if (tensor.length !== undefined) {
      const data = new type(tensor.length);
      const found = await tensor.read(data);
      return numbersOf(tensor, data.subarray(0, found) as TensorArray, tensor.shape ?? dimsOf(found, perRow));
    }
    let data = new type(2 ** 16);
    for (let length = 0; ; ) {
      const found = await tensor.read(data.subarray(length) as TensorArray);
      length += found;
      if (length < data.length) return numbersOf(tensor, data.slice(0, length), dimsOf(length, perRow));
      const larger = new type(2 * data.length);
      larger.set(data as never);
      data = larger;
    }
  } finally {
    await tensor.close();
  }
}

const dimsOf = (length: number, perRow: number) => (perRow > 1 ? [length / perRow, perRow] : [length]);

/** The batches of `read`, and one without rows where there would be none: it says how many classes there are. */
async function* oneAtLeast(read: AsyncGenerator<Rows>, room: readonly TensorArray[]): AsyncGenerator<Rows> {
  let isFirst = true;
  for await (const rows of read) {
    isFirst = false;
    yield rows;
  }
  if (isFirst) yield { rows: 0, arrays: room.map((it) => it.subarray(0, 0) as TensorArray) };
}

/**
 * Batches of what is read together, made by `batchOf` of rows. Where a loop over them is left the files are closed, also while
 * one of them is waited for. Where there are no rows there is one batch all the same if that is to be told.
 */
function batchesOf<B>(
  inputs: readonly Input[],
  batchBytes: number | undefined,
  batchOf: (rows: Rows) => B,
  isEmptyTold = false,
): AsyncIterator<B> {
  const rows = batchRows(inputs, batchBytes);
  const room = [0, 1].map(() =>
    inputs.map(({ tensor, perRow }) => new (arrayOf(tensor.dtype))(rows * perRow) as TensorArray),
  );
  const together = readTogether(inputs, room);
  const read = isEmptyTold ? oneAtLeast(together, room[0]) : together;
  const close = async () => {
    for (const { tensor } of inputs) await tensor.close();
  };
  return {
    async next() {
      try {
        const { done, value } = await read.next();
        if (!done) return { done: false, value: batchOf(value) };
      } catch (error) {
        await close();
        throw error;
      }
      await close();
      return { done: true, value: undefined };
    },
    async return() {
      await close();
      await read.return(undefined);
      return { done: true, value: undefined };
    },
  };
}

/** Opens one file of two arrays, or two of one each; both are closed where that fails. */
async function openTwo(
  opens: readonly [first: ReturnType<typeof openerOf>, second: ReturnType<typeof openerOf> | undefined],
  logits: OpenOptions,
  labels: OpenOptions,
): Promise<Both> {
  const [first, second] = opens;
  if (second === undefined) return bothFrom(first, logits, labels);
  const tensor = await tensorFrom(first, logits);
  try {
    return { logits: tensor, labels: await tensorFrom(second, labels) };
  } catch (error) {
    await tensor.close();
    throw error;
  }
}

const notesOf = (tensors: readonly Tensor[]) => tensors.flatMap(({ note }) => note ?? []);

/** See openBatches of formats.node.ts. */
export async function openBatchesOn(
  platform: Platform,
  logitsInput: FileInput,
  options: BatchesOptions = {},
): Promise<FileBatches> {
  const name = "openBatches";
  checkReading(name, options, [
    ...OF_TENSORS,
    ...[
      "labels",
      "labelsTensor",
      "labelsDtype",
      "labelsFormat",
      "mask",
      "groups",
      "shift",
      "classes",
      "input",
      "ignoreIndex",
    ],
  ]);
  const { tensor, dtype, format, columns, labelColumn, batchBytes, classes } = options;
  const { labelsTensor, labelsDtype, labelsFormat, shift = false, ignoreIndex = -100 } = options;
  const opener = (argument: string, input: FileInput) => openerOf(name, argument, input, platform);
  const opens = [
    opener("logits", logitsInput),
    options.labels === undefined ? undefined : opener("labels", options.labels),
  ] as const;
  const open: Tensor[] = [];
  const table = { columns, labelColumn, input: options.input };
  try {
    return await naming({ LABELS: "labels" }, async () => {
      const { logits, labels, figures } = await openTwo(
        opens,
        { ...table, role: "logits", floats: true, tensor, dtype, format },
        { ...table, role: "labels", floats: false, tensor: labelsTensor, dtype: labelsDtype, format: labelsFormat },
      );
      open.push(logits, labels);
      const isOneHot = hasRowsOfLogits(logits, labels);
      const tell = () => {};
      const shape = shapeOf(logits, isOneHot ? oneHotLabels(labels, tell) : labels, classes);
      const indices = classLabels(labels, { shape, isOneHot, shift, ignoreIndex, tell });
      const inputs: Input[] = [
        { tensor: logits, perRow: shape.classes },
        { tensor: indices, perRow: 1 },
      ];
      const beside = (["mask", "groups"] as const).filter((it) => options[it] !== undefined);
      for (const it of beside) {
        const own = await tensorFrom(opener(it, options[it]!), { role: "labels", floats: false, beside: it });
        open.push(own);
        if (isFloat(own.dtype)) throw new FormatError(`${own.path}: ${it} is ${own.dtype}, but must be integers`);
        inputs.push({ tensor: shift && it === "mask" ? shiftedMask(own, shape) : own, perRow: 1 });
      }
      const batchOf = ({ rows, arrays: [x, y, ...more] }: Rows): FileBatch => ({
        logits: numbersOf(logits, x, [rows, shape.classes]),
        labels: y as LabelArray,
        ...Object.fromEntries(beside.map((it, i) => [it, more[i]])),
        ...(shift ? { positions: shape.sequence! } : {}),
      });
      return {
        classes: shape.classes,
        rows: shape.rows,
        input: options.input ?? logits.input ?? "logits",
        notes: notesOf(open),
        normalizedAccuracy: figures?.normalizedAccuracy,
        close: () => closeAll(open),
        [Symbol.asyncIterator]: () => batchesOf(inputs, batchBytes, batchOf, true),
      };
    });
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

async function closeAll(open: readonly Tensor[]): Promise<void> {
  for (const it of open) await it.close();
}

/** See openPairs of formats.node.ts. */
export async function openPairsOn(
  platform: Platform,
  predictionsInput: FileInput,
  options: PairsOptions = {},
): Promise<FilePairs> {
  const name = "openPairs";
  checkReading(name, options, [...OF_TENSORS, "targets", "targetsTensor", "targetsDtype", "targetsFormat"]);
  const { tensor, dtype, format, columns, labelColumn, batchBytes } = options;
  const { targetsTensor, targetsDtype, targetsFormat } = options;
  const opens = [
    openerOf(name, "predictions", predictionsInput, platform),
    options.targets === undefined ? undefined : openerOf(name, "targets", options.targets, platform),
  ] as const;
  const table = { columns, labelColumn, isRegression: true, floats: true };
  const renamed = { labelsTensor: "targetsTensor", labelsDtype: "targetsDtype", LABELS: "targets" };
  return naming(renamed, async () => {
    const { logits: predictions, labels: targets } = await openTwo(
      opens,
      { ...table, role: "logits", tensor, dtype, format },
      { ...table, role: "labels", tensor: targetsTensor, dtype: targetsDtype, format: targetsFormat },
    );
    const open = [predictions, targets];
    try {
      checkPair(predictions, targets);
    } catch (error) {
      await closeAll(open);
      throw error;
    }
    return {
      length: predictions.length ?? targets.length,
      notes: notesOf(open),
      close: () => closeAll(open),
      [Symbol.asyncIterator]: () =>
        batchesOf(
          open.map((it) => ({ tensor: it, perRow: 1 })),
          batchBytes,
          ({ rows, arrays: [p, t] }) => ({
            predictions: numbersOf(predictions, p, [rows]),
            targets: numbersOf(targets, t, [rows]),
          }),
        ),
    };
  });
}
