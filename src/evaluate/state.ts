import { checkTotals } from "./checkTotals.ts";
import { difference } from "./evaluatorOptions.ts";
import {
  addRegressionTotals,
  decodeRegression,
  encodeRegression,
  isRegressionState,
  type RegressionTotals,
} from "./regression.ts";
import { checkCanonical, checkSum, hasMagic, openState, type Reader, VERSION, Writer } from "./stateBytes.ts";
import { OPTIONS, readOptions, SECTIONS, SPREAD, writeOptions } from "./stateSections.ts";
import { readVersion1 } from "./stateVersion1.ts";
import { addTotals, createTotals, type Totals } from "./totals.ts";

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
  const sections = from.sections([OPTIONS, ...SECTIONS.map(({ tag }) => tag)]);
  const sectionOf = (tag: number) => sections.get(tag) ?? from.fail(`has no section of the tag ${tag}`);
  const options = sectionOf(OPTIONS);
  const totals = createTotals(readOptions(options));
  options.end("options");
  totals.hasSpread = sections.has(SPREAD);
  for (const { tag, has, read } of SECTIONS) {
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
