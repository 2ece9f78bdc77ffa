/** What a run adds up, said by a command line without a shard: opened once, then added shard by shard. */
import type { Source } from "../../evaluate/coverage.ts";
import { withCoverage } from "../../evaluate/state.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import { arrayOf, type Tensor } from "../../formats/tensor.ts";
import { addUp, rowsOf } from "../addUp.ts";
import { openBeside } from "../beside.ts";
import { classWeights } from "../classWeights.ts";
import { compareOptions } from "../compareOptions.ts";
import { compareRows, openCompared, sourceOfCompared } from "../comparing.ts";
import { openInputs, sourceOfInputs } from "../evaluateInputs.ts";
import { evaluateOptions } from "../evaluateOptions.ts";
import type { Losses } from "../ownLosses.ts";
import { rowsOfShard, type Shard } from "../shard.ts";
import { taskOf } from "../tasks.ts";

/** Files that are open. */
export interface OpenInputs {
  /** Undefined where the files don't say. */
  readonly rows: number | undefined;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Whether any rows of them can be read, again and again; else they are read from front to end. */
  readonly hasParts: boolean;
  /** What rows are known by; null of what is no file. */
  sourceOf(range: RowRange, rows: number): Promise<Source | null>;
  /** The state of a shard's rows, of the given source. */
  state(shard: Shard, source: Source, engine: () => Promise<Losses>, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A command line that was understood. */
export interface CommandInputs {
  /** Every file that is read. */
  readonly paths: readonly string[];
  readonly engine: { readonly backend: "auto" | "wasm" | "js"; readonly relaxed: boolean };
  readonly threads: number | "auto" | undefined;
  open(): Promise<OpenInputs>;
}

/** Opens what closes together, all of it or nothing. */
async function opened<T>(open: (into: { close(): unknown }[]) => Promise<T>): Promise<T & { close(): Promise<void> }> {
  const files: { close(): unknown }[] = [];
  const close = async () => {
    for (const it of files.splice(0).reverse()) await it.close();
  };
  try {
    return { ...(await open(files)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const hasParts = (tensors: readonly Tensor[]) => tensors.every(({ stretch, part }) => stretch ?? part);
const bytesOf = ({ dtype }: Tensor, perRow: number) => perRow * arrayOf(dtype).BYTES_PER_ELEMENT;

/** A state that says which rows it holds: all of the range. */
const covering = (state: Uint8Array, source: Source, { first, end }: RowRange) =>
  withCoverage(state, [{ ...source, rows: end > first ? [[first, end - 1]] : [] }]);

const pathsOf = (...files: readonly ({ readonly path: string } | undefined)[]): string[] =>
  files.flatMap((it) => it?.path ?? []);

function ofEvaluate(args: readonly string[]): CommandInputs {
  const given = evaluateOptions(args);
  const { logits, labels, weight, mask, groups, engine, threads } = given;
  return {
    paths: pathsOf(logits, given.isOneFile ? undefined : labels, weight, mask, groups),
    engine,
    threads,
    open: () =>
      opened(async (open) => {
        const both = await openInputs(given, open, () => {});
        // all classes, as of evaluate --state
        const weights = await classWeights(given, both.logits);
        const options = { ...given, input: given.input ?? both.logits.input, state: "", weights };
        const beside = await openBeside(options, open);
        const tensors = [both.logits, both.labels, ...beside.values()];
        const task = taskOf(both.logits, both.labels, beside, options);
        return {
          rows: rowsOf(tensors, task),
          rowBytes: bytesOf(both.logits, task.columns[0].perRow),
          hasParts: hasParts(tensors),
          sourceOf: (range, rows) => sourceOfInputs(both, options, range, rows),
          async state(shard, source, losses, signal) {
            const sums = await addUp(task, tensors, { ...options, shard }, { signal, losses: await losses() });
            return covering(sums.state(), source, sums.range);
          },
        };
      }),
  };
}

function ofCompare(args: readonly string[]): CommandInputs {
  const options = compareOptions(args);
  const { base, other, labels, mask, groups, engine, threads } = options;
  return {
    paths: pathsOf(base, other, labels, mask, groups),
    engine,
    threads,
    open: () =>
      opened(async (open) => {
        const compared = await openCompared(options, open, () => {});
        const { classes } = compared.shape;
        const tensors = [compared.base, compared.other, compared.labels ?? [], ...compared.beside.values()].flat();
        return {
          rows: compared.rows,
          rowBytes: bytesOf(compared.base, classes) + bytesOf(compared.other, classes),
          hasParts: hasParts(tensors),
          sourceOf: (range, rows) => sourceOfCompared(compared, options, range, rows),
          async state(shard, source, losses, signal) {
            const range = rowsOfShard(shard, source.total);
            const { comparison } = await compareRows(await losses(), compared, options, { range, signal });
            return covering(comparison.state(), source, range);
          },
        };
      }),
  };
}

/** Understands the command line of a command that adds up rows. */
export const commandInputs = (command: "evaluate" | "compare", args: readonly string[]): CommandInputs =>
  command === "compare" ? ofCompare(args) : ofEvaluate(args);
