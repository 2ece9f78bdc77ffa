import { ExactTotal, FINITE } from "../../numeric/exactTotal.ts";
import { readCoverage, writeCoverage } from "../coverage.ts";
import { INPUTS, MAXIMAL_CLASSES, MAXIMAL_WORST } from "../evaluatorOptions.ts";
import { readHighest, writeHighest } from "../placedRows.ts";
import { checkCanonical, hasMagic, openState, type Reader, VERSION, Writer } from "../stateBytes.ts";
import { readGroups, readSizes } from "../stateReaders.ts";
import {
  COMPARED_COUNTS,
  COMPARED_GROUPS,
  COMPARED_PRODUCTS,
  COMPARED_SIZES,
  COMPARED_SUMS,
  type ComparedRow,
  type ComparisonTotals,
  createComparisonTotals,
  createGroups,
  UNLABELLED,
} from "./comparisonTotals.ts";

// docs/state-format.md describes the bytes.

const MAGIC = "wlcm";
/** Tags of the sections. */
const OPTIONS = 1;
const COUNTS = 2;
const SUMS = 3;
const SIZES = [4, 5, 6] as const;
const WORSE = 7;
const BETTER = 8;
const GROUPS = { divergence: 12, difference: 13 } as const;
const COVERAGE = 15;

const PRODUCTS: readonly string[] = COMPARED_PRODUCTS;

/** Sums that a state of these rows has. */
const sumsOf = ({ labelled }: ComparisonTotals) =>
  [...COMPARED_SUMS, ...COMPARED_PRODUCTS].filter((name) => labelled > 0 || UNLABELLED.includes(name));
const hasSizes = ({ labelled }: ComparisonTotals, i: number) => i === 0 || labelled > 0;
const hasLists = ({ labelled, options }: ComparisonTotals) => labelled > 0 && options.worst > 0;

/** Groups that a state of these rows has. */
const groupsOf = ({ labelled }: ComparisonTotals) =>
  COMPARED_GROUPS.filter((name) => labelled > 0 || UNLABELLED.includes(name));

function writeRow(to: Writer, { positions, label, basePredicted, otherPredicted, base, other }: ComparedRow): void {
  to.count(positions);
  to.count(label);
  to.count(basePredicted + 1);
  to.count(otherPredicted + 1);
  to.number(base);
  to.number(other);
}

export function encodeComparison(totals: ComparisonTotals): Uint8Array {
  const { options, coverage, groups } = totals;
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.section(OPTIONS, (section) => {
    section.count(options.classes);
    section.count(INPUTS.indexOf(options.input));
    section.signed(options.ignoreIndex);
    section.count(options.worst);
  });
  to.section(COUNTS, (section) => {
    for (const name of COMPARED_COUNTS) section.count(totals[name]);
  });
  to.section(SUMS, (section) => {
    for (const name of sumsOf(totals)) section.total(totals[name]);
  });
  COMPARED_SIZES.forEach((name, i) => {
    if (hasSizes(totals, i)) to.section(SIZES[i], (section) => totals[name].write(section));
  });
  if (hasLists(totals)) {
    to.section(WORSE, (section) => writeHighest(section, totals.worse, (it) => writeRow(section, it)));
    to.section(BETTER, (section) => writeHighest(section, totals.better, (it) => writeRow(section, it)));
  }
  if (groups !== null) {
    for (const name of groupsOf(totals)) to.section(GROUPS[name], (section) => groups[name].write(section));
  }
  if (coverage !== null) to.section(COVERAGE, (section) => writeCoverage(section, coverage));
  return to.finish();
}

export function isComparisonState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

export function decodeComparison(state: unknown, name: string): ComparisonTotals {
  const { from } = openState(state, name, MAGIC, VERSION);
  const sections = from.sections([OPTIONS, COUNTS, SUMS, ...SIZES, WORSE, BETTER, ...Object.values(GROUPS), COVERAGE]);
  const inSection = (tag: number, read: (section: Reader) => void) => {
    const section = sections.get(tag) ?? from.fail(`has no section of the tag ${tag}`);
    sections.delete(tag);
    read(section);
    section.end(`a section of the tag ${tag}`);
  };
  let totals = createComparisonTotals({ classes: 1, input: "logits", ignoreIndex: 0, worst: 0 });
  inSection(OPTIONS, (section) => {
    totals = createComparisonTotals({
      classes: section.count("classes", MAXIMAL_CLASSES, 1),
      input: INPUTS[section.count("an input", INPUTS.length - 1)],
      ignoreIndex: section.signed("ignoreIndex", 2 ** 32 - 1),
      worst: section.count("rows in a list", MAXIMAL_WORST),
    });
  });
  inSection(COUNTS, (section) => {
    for (const key of COMPARED_COUNTS) totals[key] = section.count(key);
  });
  inSection(SUMS, (section) => {
    for (const key of sumsOf(totals)) {
      totals[key].addTotal(PRODUCTS.includes(key) ? section.productTotal() : section.total());
    }
  });
  COMPARED_SIZES.forEach((key, i) => {
    if (hasSizes(totals, i)) inSection(SIZES[i], (section) => readSizes(section, totals[key]));
  });
  const { classes } = totals.options;
  const readRow = (section: Reader) => ({
    positions: section.count("positions"),
    label: section.count("a label", classes - 1),
    basePredicted: section.count("a prediction", classes) - 1,
    otherPredicted: section.count("a prediction", classes) - 1,
    base: section.number(),
    other: section.number(),
  });
  if (hasLists(totals)) {
    for (const [tag, list] of [
      [WORSE, totals.worse],
      [BETTER, totals.better],
    ] as const) {
      inSection(tag, (section) => readHighest(section, list, (place) => ({ ...place, ...readRow(section) })));
    }
  }
  if (sections.has(GROUPS.divergence)) {
    const groups = createGroups();
    totals.groups = groups;
    for (const name of groupsOf(totals)) inSection(GROUPS[name], (section) => readGroups(section, groups[name]));
  }
  if (sections.has(COVERAGE)) {
    inSection(COVERAGE, (section) => {
      totals.coverage = readCoverage(section, totals.rows);
    });
  }
  for (const tag of sections.keys()) from.fail(`has a section of the tag ${tag}, which its options leave out`);
  checkComparison(totals, from.fail);
  checkCanonical(state as Uint8Array, encodeComparison(totals), name);
  return totals;
}

/** Refuses groups that don't add up to the rows, to their divergences and to the differences of their losses. */
function checkGroups(
  { counted, divergence, base, other }: ComparisonTotals,
  groups: NonNullable<ComparisonTotals["groups"]>,
  fail: (what: string) => never,
): void {
  const rows = new ExactTotal();
  rows.add(counted);
  groups.divergence.checkSums(divergence, rows, fail);
  if (groups.difference.size === 0 || base.kind !== FINITE || other.kind !== FINITE) return;
  groups.difference.checkSums(new ExactTotal(other.units - base.units), rows, fail);
}

/** Refuses totals that no rows add up to. */
function checkComparison(totals: ComparisonTotals, fail: (what: string) => never): void {
  const { rows, counted, nonFinite, sameTop, labelled, both, onlyBase, onlyOther } = totals;
  const atMost = (name: string, n: number, whole: string, most: number) => {
    if (n > most) fail(`has ${name} ${n}, but ${whole} ${most}`);
  };
  atMost("counted", counted, "rows", rows);
  atMost("nonFinite", nonFinite, "counted", counted);
  atMost("sameTop", sameTop, "counted", counted);
  if (labelled !== 0 && labelled !== counted) fail(`has labelled ${labelled}, but counted ${counted}`);
  atMost("rows that are right", both + onlyBase + onlyOther, "labelled", labelled);
  // a row that is right in both has the same maximum, and one that is right in one has not
  atMost("both", both, "sameTop", sameTop);
  atMost("sameTop and right in one alone", sameTop + onlyBase + onlyOther, "counted", counted);
  for (const name of COMPARED_SIZES) atMost(name, totals[name].rows, "counted", counted);
  for (const name of COMPARED_PRODUCTS) {
    if (name !== "baseOther" && totals[name].units < 0n) fail("has a negative sum of squares");
  }
  if (counted === 0) {
    const isEmpty = [...COMPARED_SUMS, ...COMPARED_PRODUCTS].every(
      (name) => totals[name].units === 0n && totals[name].kind === FINITE,
    );
    if (!isEmpty) fail("has sums of 0 rows");
  }
  if (totals.groups !== null) checkGroups(totals, totals.groups, fail);
  if (hasLists(totals)) {
    const listed = Math.min(counted, totals.options.worst);
    for (const list of [totals.worse, totals.better]) {
      if (list.sorted().length !== listed) fail(`lists ${list.sorted().length} rows, but ${listed} are wanted`);
    }
  }
}
