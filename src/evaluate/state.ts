import { decodeBinary, encodeBinary, isBinaryState } from "./binary/binaryState.ts";
import { addBinaryTotals, type BinaryTotals } from "./binary/binaryTotals.ts";
import { checkTotals } from "./checkTotals.ts";
import { comparisonDifference } from "./comparison/comparisonOptions.ts";
import { decodeComparison, encodeComparison, isComparisonState } from "./comparison/comparisonState.ts";
import { addComparisonTotals, type ComparisonTotals } from "./comparison/comparisonTotals.ts";
import { type Coverage, unionOf } from "./coverage.ts";
import { difference } from "./evaluatorOptions.ts";
import { Groups } from "./groups.ts";
import { placed } from "./placedRows.ts";
import {
  addRegressionTotals,
  decodeRegression,
  encodeRegression,
  isRegressionState,
  type RegressionTotals,
} from "./regression.ts";
import { checkCanonical, checkSum, hasMagic, openState, type Reader, VERSION, Writer } from "./stateBytes.ts";
import { READERS, readOptions } from "./stateReaders.ts";
import { COVERAGE, GROUPS, LENGTHS, OPTIONS, SECTIONS, SPREAD, writeOptions } from "./stateSections.ts";
import { readVersion1 } from "./stateVersion1.ts";
import { addTotals, createTotals, MAXIMAL_LENGTH, missingBeside, type Totals } from "./totals.ts";

// docs/state-format.md describes the bytes.
const MAGIC = "wlev";

export function encode(totals: Totals): Uint8Array {
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.section(OPTIONS, (section) => writeOptions(section, totals.options));
  for (const { tag, has, write } of SECTIONS) {
    if (has(totals)) to.section(tag, (section) => write(section, totals));
  }
  return to.finish();
}

export function isEvaluationState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

/** Reads a state; `name` begins the message of what is wrong with it. */
export function decode(state: unknown, name: string): Totals {
  const { version, from } = openState(state, name, MAGIC);
  const totals = version === 1 ? readVersion1(from) : readSections(from);
  from.end("sections");
  checkTotals(totals, from.fail);
  if (version === VERSION) checkCanonical(state as Uint8Array, encode(totals), name);
  return totals;
}

function readSections(from: Reader): Totals {
  const sections = from.sections([OPTIONS, ...READERS.map(([{ tag }]) => tag)]);
  const sectionOf = (tag: number) => sections.get(tag) ?? from.fail(`has no section of the tag ${tag}`);
  const options = sectionOf(OPTIONS);
  const totals = createTotals(readOptions(options, VERSION));
  options.end("options");
  totals.hasSpread = sections.has(SPREAD);
  totals.coverage = sections.has(COVERAGE) ? [] : null;
  if (sections.has(GROUPS)) totals.groups = new Groups();
  if (sections.has(LENGTHS)) totals.bytes = 0;
  for (const [{ tag, has }, read] of READERS) {
    if (!has(totals)) {
      if (sections.has(tag)) from.fail(`has a section of the tag ${tag}, which its options leave out`);
      continue;
    }
    const section = sectionOf(tag);
    read(section, totals);
    section.end(`a section of the tag ${tag}`);
  }
  return totals;
}

/** The state with what it holds of which files, in place of what was said of that. */
export function withCoverage(state: Uint8Array, coverage: Coverage): Uint8Array {
  if (isRegressionState(state)) return encodeRegression({ ...decodeRegression(state, "state"), coverage });
  if (isBinaryState(state)) return encodeBinary({ ...decodeBinary(state, "state"), coverage });
  if (isComparisonState(state)) {
    const totals = decodeComparison(state, "state");
    const [worse, better] = [totals.worse, totals.better].map((rows) => placed(rows, coverage));
    return encodeComparison({ ...totals, coverage, worse, better });
  }
  const totals = decode(state, "state");
  return encode({ ...totals, coverage, worst: placed(totals.worst, coverage) });
}

/**
 * The state of all the rows of several states: associative and commutative, byte by byte. The options must be the same.
 *
 * States of files (evaluate --state) know which rows of which file they hold: of several that are the same, byte by byte, one
 * counts; rows that two others hold throw. Others always add up.
 *
 * @param states of evaluator().state(), at least one; of version 1, too
 * @returns canonical bytes, the same as those of one evaluator that was given all rows
 * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered, of another version, or of
 * other options than the first, of more than 2^53 - 1 rows, and of rows that two states hold
 * @example
 * evaluationOf(mergeStates(await readFile("a.acc"), await readFile("b.acc")));
 */
export function mergeStates(...states: Uint8Array[]): Uint8Array {
  const [first] = states;
  if (isRegressionState(first)) return encodeRegression(mergeRegressions("mergeStates", states).totals);
  if (isBinaryState(first)) return encodeBinary(mergeBinaries("mergeStates", states).totals);
  if (isComparisonState(first)) return encodeComparison(mergeComparisons("mergeStates", states).totals);
  return encode(mergeTotals("mergeStates", states).totals);
}

/** What was merged, and the numbers of states that were left out because one before them is the same. */
export interface Merged<T> {
  readonly totals: T;
  readonly repeated: readonly number[];
}

/** As mergeStates, decoded; `names` are used in messages. */
export function mergeTotals(name: string, states: readonly Uint8Array[], names?: readonly string[]): Merged<Totals> {
  const check = (to: Totals, from: Totals, part: string) => {
    const other = difference(from.options, to.options);
    if (other !== null) throw new RangeError(`${part} has ${other} ${names ? names[0] : "states[0]"}`);
    const missing = missingBeside(to, from);
    if (missing !== null) {
      failOfMissing(missing, from[missing] === null, names ? names[0] : "states[0]", part);
    }
    checkSum(part, "rows", to.rows, from.rows);
    for (const key of ["bytes", "words"] as const) checkSum(part, key, to[key] ?? 0, from[key] ?? 0, MAXIMAL_LENGTH);
  };
  return merged(name, states, names, decode, check, addTotals);
}

/** That the first of two parts has what the second has not, or the other way round. */
function failOfMissing(what: string, isOfSecond: boolean, first: string, second: string): never {
  const [has, hasNot] = isOfSecond ? [first, second] : [second, first];
  throw new RangeError(`${hasNot.replace(/:$/, "")} has no ${what}, but ${has.replace(/^\w+: |:$/g, "")} has`);
}

/** Refuses groups of one of two parts; of one without rows there is nothing that could be missing. */
function checkGrouped<T extends { readonly groups: unknown }>(
  to: T,
  from: T,
  rowsOf: (totals: T) => number,
  first: string,
  part: string,
): void {
  if (rowsOf(to) === 0 || rowsOf(from) === 0 || (to.groups === null) === (from.groups === null)) return;
  failOfMissing("groups", from.groups === null, first, part);
}

/** The same of states of regressionEvaluator(). */
export function mergeRegressions(
  name: string,
  states: readonly Uint8Array[],
  names?: readonly string[],
): Merged<RegressionTotals> {
  const check = (to: RegressionTotals, from: RegressionTotals, part: string) => {
    checkGrouped(to, from, ({ count, ignored }) => count + ignored, names ? names[0] : "states[0]", part);
    checkSum(part, "elements", to.count + to.ignored, from.count + from.ignored);
  };
  return merged(name, states, names, decodeRegression, check, addRegressionTotals);
}

/** The same of states of binaryEvaluator(). */
export function mergeBinaries(
  name: string,
  states: readonly Uint8Array[],
  names?: readonly string[],
): Merged<BinaryTotals> {
  const check = (to: BinaryTotals, from: BinaryTotals, part: string) => {
    for (const key of ["input", "bins"] as const) {
      const [a, b] = [from.options[key], to.options[key]].map((it) => JSON.stringify(it));
      if (a !== b)
        throw new RangeError(`${part} has ${key} ${a}, but ${b} is that of ${names ? names[0] : "states[0]"}`);
    }
    checkGrouped(to, from, ({ rows, ignored }) => rows + ignored, names ? names[0] : "states[0]", part);
    checkSum(part, "rows", to.rows + to.ignored, from.rows + from.ignored);
  };
  return merged(name, states, names, decodeBinary, check, addBinaryTotals);
}

/** The same of states of comparison(). */
export function mergeComparisons(
  name: string,
  states: readonly Uint8Array[],
  names?: readonly string[],
): Merged<ComparisonTotals> {
  const check = (to: ComparisonTotals, from: ComparisonTotals, part: string) => {
    const first = names ? names[0] : "states[0]";
    const other = comparisonDifference(from.options, to.options);
    if (other !== null) throw new RangeError(`${part} has ${other} ${first}`);
    if (to.counted > 0 && from.counted > 0 && to.labelled > 0 !== from.labelled > 0) {
      failOfMissing("labels", from.labelled === 0, first, part);
    }
    checkGrouped(to, from, ({ rows }) => rows, first, part);
    checkSum(part, "rows", to.rows, from.rows);
  };
  return merged(name, states, names, decodeComparison, check, addComparisonTotals);
}

function merged<T extends { coverage: Coverage }>(
  name: string,
  states: readonly Uint8Array[],
  names: readonly string[] | undefined,
  decoded: (state: Uint8Array, name: string) => T,
  check: (to: T, from: T, part: string) => void,
  add: (to: T, from: T) => void,
): Merged<T> {
  if (states.length === 0) throw new RangeError(`${name}: 0 states were given, but at least 1 is needed`);
  const nameOf = (i: number) => (names ? `${names[i]}:` : `${name}: states[${i}]`);
  const totals = decoded(states[0], nameOf(0));
  const parts: (readonly [i: number, coverage: Coverage])[] = [[0, totals.coverage]];
  const repeated: number[] = [];
  for (let i = 1; i < states.length; i++) {
    const next = decoded(states[i], nameOf(i));
    if (next.coverage !== null && parts.some(([j]) => areSame(states[i], states[j]))) {
      // states of no rows are alike
      if (next.coverage.some(({ rows }) => rows.length > 0)) repeated.push(i);
      continue;
    }
    check(totals, next, nameOf(i));
    for (const [j, coverage] of parts) {
      unionOf(coverage, next.coverage, (rows) => {
        throw new RangeError(`${nameOf(i)} holds ${rows}, which ${names ? names[j] : `states[${j}]`} holds too`);
      });
    }
    parts.push([i, next.coverage]);
    const coverage = unionOf(totals.coverage, next.coverage, () => {
      throw new Error("what no two parts hold, all of them don't");
    });
    add(totals, next);
    totals.coverage = coverage;
  }
  return { totals, repeated };
}

const areSame = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);
