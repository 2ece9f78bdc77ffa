import { LOSS_BINS } from "../descriptions/counters.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { checkTotals } from "./checkTotals.ts";
import { difference, MAXIMAL_BINS, MAXIMAL_CLASSES, MAXIMAL_TOPS, type Options } from "./evaluatorOptions.ts";
import {
  addRegressionTotals,
  decodeRegression,
  encodeRegression,
  isRegressionState,
  type RegressionTotals,
} from "./regression.ts";
import { checkCanonical, checkSum, hasMagic, openState, type Reader, Writer } from "./stateBytes.ts";
import { addTotals, COUNTS, classOf, createTotals, SUMS, type Totals } from "./totals.ts";

// docs/state-format.md describes the bytes.
const MAGIC = "wlev";
const VERSION = 1;

const zigzag = (n: number) => (n < 0 ? -2 * n - 1 : 2 * n);
const unzigzag = (n: number) => (n % 2 === 1 ? -(n + 1) / 2 : n / 2);

function writeOptions(to: Writer, { classes, ignoreIndex, bins, topK, perClass, weights }: Options): void {
  to.count(classes);
  to.count(zigzag(ignoreIndex));
  to.count(bins);
  to.count(topK.length);
  for (const k of topK) to.count(k);
  to.byte((perClass ? 1 : 0) + (weights === null ? 0 : 2));
  if (weights !== null) to.uint32(weights);
}

export function encode(totals: Totals): Uint8Array {
  const { options } = totals;
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  writeOptions(to, options);
  for (const name of COUNTS) to.count(totals[name]);
  for (const n of totals.tops) to.count(n);
  for (const name of SUMS) to.total(totals[name]);
  for (const { count, correct, confidence } of totals.calibration) {
    to.count(count);
    to.count(correct);
    to.total(new ExactTotal(confidence));
  }
  const filled = totals.losses.flatMap((n, bin) => (n === 0 ? [] : [[bin, n]]));
  to.count(filled.length);
  for (const [bin, n] of filled) {
    to.count(bin);
    to.count(n);
  }
  if (options.perClass) {
    const classes = [...totals.classes].sort(([a], [b]) => a - b);
    to.count(classes.length);
    for (const [label, { count, correct, loss }] of classes) {
      to.count(label);
      to.count(count);
      to.count(correct);
      to.total(loss);
    }
  }
  return to.finish();
}

function readOptions(from: Reader): Options {
  const classes = from.count("classes", MAXIMAL_CLASSES, 1);
  const ignoreIndex = unzigzag(from.count("ignoreIndex", 2 ** 32 - 1));
  const bins = from.count("bins", MAXIMAL_BINS, 1);
  const tops = from.count("topK of length", MAXIMAL_TOPS);
  const topK: number[] = [];
  for (let i = 0; i < tops; i++) topK.push(from.count("topK", MAXIMAL_CLASSES, i === 0 ? 1 : topK[i - 1] + 1));
  const flags = from.byte();
  return {
    classes,
    ignoreIndex,
    bins,
    topK,
    perClass: (flags & 1) !== 0,
    weights: flags & 2 ? from.uint32() : null,
  };
}

export function isEvaluationState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

/** Reads a state; `name` begins the message of what is wrong with it. */
export function decode(state: unknown, name: string): Totals {
  const from = openState(state, name, MAGIC, VERSION);
  const totals = createTotals(readOptions(from));
  readTotals(from, totals);
  checkTotals(totals, from.fail);
  checkCanonical(state as Uint8Array, encode(totals), name);
  return totals;
}

function readTotals(from: Reader, totals: Totals): void {
  const { options } = totals;
  for (const name of COUNTS) totals[name] = from.count(name);
  for (let i = 0; i < options.topK.length; i++) totals.tops[i] = from.count("rows");
  for (const name of SUMS) totals[name].addTotal(from.total());
  for (const bin of totals.calibration) {
    bin.count = from.count("rows");
    bin.correct = from.count("rows");
    bin.confidence = from.total().units;
  }
  const filled = from.count("bins of the loss", LOSS_BINS);
  for (let i = 0; i < filled; i++) totals.losses[from.count("a bin of the loss", LOSS_BINS - 1)] = from.count("rows");
  if (!options.perClass) return;
  const classes = from.count("classes with rows", options.classes);
  for (let i = 0; i < classes; i++) {
    const it = classOf(totals, from.count("a label", options.classes - 1));
    it.count = from.count("rows of a class", undefined, 1);
    it.correct = from.count("rows");
    it.loss.addTotal(from.total());
  }
}

/**
 * The state of all the rows of several states: associative and commutative, byte by byte. The options must be the same.
 *
 * @param states of evaluator().state(), at least one
 * @returns canonical bytes, the same as those of one evaluator that was given all rows
 * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered, of another version, or of
 * other options than the first, and of more than 2^53 - 1 rows
 * @example
 * evaluationOf(mergeStates(await readFile("a.acc"), await readFile("b.acc")));
 */
export function mergeStates(...states: Uint8Array[]): Uint8Array {
  return isRegressionState(states[0])
    ? encodeRegression(mergeRegressions("mergeStates", states))
    : encode(mergeTotals("mergeStates", states));
}

/** As mergeStates, decoded; `names` are used in messages. */
export function mergeTotals(name: string, states: readonly Uint8Array[], names?: readonly string[]): Totals {
  const nameOf = namer(name, states, names);
  const totals = decode(states[0], nameOf(0));
  for (let i = 1; i < states.length; i++) {
    const next = decode(states[i], nameOf(i));
    const other = difference(next.options, totals.options);
    if (other !== null) throw new RangeError(`${nameOf(i)} has ${other} ${names ? names[0] : "states[0]"}`);
    checkSum(nameOf(i), "rows", totals.rows, next.rows);
    addTotals(totals, next);
  }
  return totals;
}

/** The same of states of regressionEvaluator(). */
export function mergeRegressions(
  name: string,
  states: readonly Uint8Array[],
  names?: readonly string[],
): RegressionTotals {
  const nameOf = namer(name, states, names);
  const totals = decodeRegression(states[0], nameOf(0));
  for (let i = 1; i < states.length; i++) {
    const next = decodeRegression(states[i], nameOf(i));
    checkSum(nameOf(i), "elements", totals.count, next.count);
    addRegressionTotals(totals, next);
  }
  return totals;
}

function namer(name: string, states: readonly Uint8Array[], names?: readonly string[]): (i: number) => string {
  if (states.length === 0) throw new RangeError(`${name}: 0 states were given, but at least 1 is needed`);
  return (i) => (names ? `${names[i]}:` : `${name}: states[${i}]`);
}
