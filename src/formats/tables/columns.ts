import { nearest } from "../../nearest.ts";
import { FormatError } from "../error.ts";
import { BESIDE_NAMES, noneCalled, type OpenOptions } from "../openOptions.ts";
import type { InputKind } from "../tensor.ts";
import { numberIn } from "./numbers.ts";

/** Which columns of a table are what. */
export interface Columns {
  /** Of the labels or targets; undefined where they are not read. */
  readonly label: number | undefined;
  /** Of the logits or predictions, in the order of the classes; empty where they are not read. */
  readonly values: readonly number[];
  /** The classes by the names of their columns; undefined where labels are numbers of classes. */
  readonly classNames: readonly string[] | undefined;
  /** What the names say that the values are. */
  readonly input: InputKind | undefined;
  /** For people. */
  readonly note: string;
}

/** What is read of a table, and how its columns were given. */
export interface Wanted {
  readonly logits: OpenOptions | undefined;
  readonly labels: OpenOptions | undefined;
}

export const isRegression = ({ logits, labels }: Wanted): boolean => (labels ?? logits)?.isRegression ?? false;

/** The begin of a table. */
export interface TableHead {
  readonly path: string;
  /** Undefined of a table without a header. */
  readonly names: readonly string[] | undefined;
  /** The first rows. */
  readonly rows: readonly (readonly string[])[];
}

const spelt = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, "_");

const LABELS =
  /^(labels?(_?ids?)?|targets?|y|y_?true|true(_?labels?)?|truth|ground_?truth|gold(_?labels?)?|actuals?|answers?|expected|observed|class(_?(id|label))?|category|true_class)$/;
const PREDICTIONS =
  /^(y_?pred(icted|iction)?s?|preds?|predictions?|predicted|y_?hat|yhats?|forecasts?|estimates?|estimated|fitted|outputs?|scores?)$/;
const IDENTITIES = /^(|#|id|ids|idx|index|row|rows|row_?(id|number)|no|unnamed:?_?\d+|example_?id|sample_?id|level_0)$/;

/** Words for what the columns of classes hold, before or after a class's name. */
const KINDS: readonly (readonly [InputKind, string])[] = [
  ["logits", "logits?|scores?|outputs?"],
  ["logProbabilities", "log_?probs?|log_?probabilit(?:y|ies)|log_?p|log_?softmax|log_?likelihoods?"],
  ["probabilities", "p|probs?|probas?|probabilit(?:y|ies)|pred_?probas?|y_?probs?|y_?probas?|softmax|confidences?"],
];

const IN_WORDS: Readonly<Record<InputKind, string>> = {
  logits: "logits",
  probabilities: "probabilities",
  logProbabilities: "log-probabilities",
};

const quoted = (name: string) => JSON.stringify(name.slice(0, 80));

interface Group {
  readonly input: InputKind;
  readonly columns: readonly number[];
  readonly classNames: readonly string[];
}

/** The columns that are called as one kind: `prob_cat`, `p0`, `logits[3]`, `cat_prob`, or `prob` alone. */
function groupOf(input: InputKind, words: string, names: readonly string[]): Group | undefined {
  const patterns = [
    new RegExp(`^(?:${words})(?:[_\\s.:/-]+(.+)|(\\d+)|[\\s_]*[[(](.+)[\\])])$`, "i"),
    new RegExp(`^(.+?)[_\\s.:/-]+(?:${words})$`, "i"),
    new RegExp(`^(?:${words})$`, "i"),
  ];
  const groups = patterns.map((pattern) => {
    const found = names.map((name) => pattern.exec(name.trim()));
    const columns = found.flatMap((it, i) => (it ? [i] : []));
    const classNames = columns.map((i) => found[i]!.slice(1).find((it) => it !== undefined) ?? "1");
    return { input, columns, classNames };
  });
  const most = groups.reduce((best, it) => (it.columns.length > best.columns.length ? it : best));
  return most.columns.length > 0 ? most : undefined;
}

/** Columns by their places; what messages need of the table beside. */
class Table {
  readonly path: string;
  readonly names: readonly string[] | undefined;
  readonly rows: TableHead["rows"];
  readonly width: number;

  constructor({ path, names, rows }: TableHead) {
    this.path = path;
    this.names = names;
    this.rows = rows;
    this.width = names?.length ?? rows[0]?.length ?? 0;
  }

  fail(what: string): never {
    throw new FormatError(`${this.path}: ${what} (there are ${this.list()})`);
  }

  list(): string {
    if (this.names === undefined) return `${this.width} columns without names`;
    const shown = this.names.slice(0, 10).map(quoted);
    return `${shown.join(", ")}${this.width > 10 ? `, ... (${this.width})` : ""}`;
  }

  nameOf(column: number): string {
    return this.names ? quoted(this.names[column]) : String(column + 1);
  }

  nameAll(columns: readonly number[]): string {
    const [first, last] = [columns[0], columns[columns.length - 1]];
    if (columns.length <= 2) return columns.map((it) => this.nameOf(it)).join(" and ");
    return `${this.nameOf(first)} to ${this.nameOf(last)} (${columns.length})`;
  }

  /** The columns that are given: a name, a number from 1, or a range of numbers. */
  given(option: string, text: string): number[] {
    const named = this.names?.flatMap((name, i) => (name.trim() === text.trim() ? [i] : [])) ?? [];
    if (named.length > 1) this.fail(`${option} is ${quoted(text)}, which ${named.length} columns are called`);
    if (named.length === 1) return named;
    const [, from, to] = /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/.exec(text) ?? [];
    const [first, last] = [Number(from), Number(to ?? from)];
    if (from !== undefined && first >= 1 && first <= last && last <= this.width) {
      return Array.from({ length: last - first + 1 }, (_, i) => first - 1 + i);
    }
    const meant = from === undefined ? nearest(text, [...(this.names ?? [])]) : undefined;
    return this.fail(`no column ${quoted(text)} (${option})${meant === undefined ? "" : `, ${quoted(meant)}?`}`);
  }

  /** The columns that hold numbers in all of the first rows. */
  numeric(): number[] {
    const isNumeric = (column: number) => this.rows.every((row) => numberIn(row[column] ?? "") !== undefined);
    return Array.from({ length: this.width }, (_, i) => i).filter(isNumeric);
  }

  matching(pattern: RegExp): number[] {
    return (this.names ?? []).flatMap((name, i) => (pattern.test(spelt(name)) ? [i] : []));
  }
}

/** The column that is called as `beside`, or the only one. */
function besideColumn(table: Table, beside: NonNullable<OpenOptions["beside"]>): number {
  if (table.width === 1) return 0;
  const called = table.matching(BESIDE_NAMES[beside]);
  const exact = called.filter((it) => spelt(table.names![it]) === beside);
  const [column, more] = exact.length > 0 ? exact : called;
  return column === undefined || more !== undefined ? table.fail(noneCalled(beside, "columns")) : column;
}

/** The column of the labels (or targets): the one given, or called so, or the only one of integers, or the only one. */
function labelColumn(
  table: Table,
  { labelColumn: given, isRegression: floats }: OpenOptions,
  taken: readonly number[],
): number {
  const what = floats ? "targets" : "labels";
  if (given !== undefined) {
    const columns = table.given("--label-column", given);
    if (columns.length > 1) table.fail(`--label-column is ${quoted(given)}, but ${what} are one column`);
    return columns[0];
  }
  const called = table.matching(LABELS).filter((it) => !taken.includes(it));
  if (called.length === 1) return called[0];
  const exact = called.filter((it) => /^(label|target|y_true)$/.test(spelt(table.names![it])));
  if (exact.length === 1) return exact[0];
  if (called.length === 0) {
    const left = table.numeric().filter((it) => !taken.includes(it) && !table.matching(IDENTITIES).includes(it));
    if (table.width === 1) return 0;
    // y_true comes first, where nothing tells
    if (floats && table.names === undefined && table.width === 2 && left.length > 0) return left[0];
    const integers = left.filter((column) => table.rows.every((row) => /^\s*[-+]?\d+\s*$/.test(row[column])));
    if (!floats && table.names === undefined && integers.length === 1) return integers[0];
  }
  return table.fail(`--label-column must say which column holds the ${what}`);
}

/** The columns of logits that are called so; undefined where none is. */
function calledColumns(names: readonly string[], input: InputKind | undefined): Group | undefined {
  const groups = KINDS.flatMap(([kind, words]) => groupOf(kind, words, names) ?? []);
  return groups.find((it) => it.input === input) ?? groups[0];
}

/** The only column of predictions: the one called so, or the only other one. */
function predictionColumn(table: Table, label: number | undefined): number {
  const isFree = (it: number) => it !== label;
  const called = table.matching(PREDICTIONS).filter(isFree);
  if (called.length === 1) return called[0];
  const left = table.numeric().filter((it) => isFree(it) && !table.matching(IDENTITIES).includes(it));
  if (called.length === 0 && left.length === 1) return left[0];
  return table.fail("--columns must say which column holds the predictions");
}

/** Classes by the names of their columns, unless those are 0, 1, 2, ... in order, as labels are. */
function usefulNames(classNames: readonly string[] | undefined): readonly string[] | undefined {
  if (classNames === undefined || classNames.every((name, i) => name.trim() === String(i))) return undefined;
  return new Set(classNames).size === classNames.length ? classNames.map((it) => it.trim()) : undefined;
}

/** Columns that are given, or else called so, or else all numbers that are neither labels nor numbers of rows. */
function valueColumns(
  table: Table,
  options: OpenOptions,
  label: number | undefined,
): Omit<Group, "input"> & { input?: InputKind } {
  const { names } = table;
  const isFree = (it: number) => it !== label;
  const without = <G extends Omit<Group, "input">>(group: G): G => {
    const kept = group.columns.map((it, i) => [it, i] as const).filter(([it]) => isFree(it));
    return { ...group, columns: kept.map(([it]) => it), classNames: kept.map(([, i]) => group.classNames[i]) };
  };
  if (options.columns !== undefined) {
    const columns = options.columns.flatMap((it) => table.given("--columns", it));
    const twice = columns.find((it, i) => columns.indexOf(it) < i);
    if (twice !== undefined) table.fail(`--columns has column ${table.nameOf(twice)} twice`);
    const own = names && columns.map((it) => names[it]);
    const group = own && calledColumns(own, options.input);
    if (group?.columns.length === columns.length) return { columns, classNames: group.classNames, input: group.input };
    return { columns, classNames: own ?? [] };
  }
  const group = names && calledColumns(names, options.input);
  if (group) {
    const free = without(group);
    if (free.columns.length > 0) return free;
  }
  const others = [...table.matching(IDENTITIES), ...(label === undefined ? table.matching(LABELS) : [])];
  const columns = table.numeric().filter((it) => isFree(it) && !others.includes(it));
  if (columns.length === 0 || (columns.length === 1 && names !== undefined)) {
    return table.fail("--columns must say which columns hold the logits or probabilities");
  }
  return { columns, classNames: names ? columns.map((it) => names[it]) : [] };
}

/** Finds the columns of a table by the options, by their names, or by what is in the first rows. */
export function columnsOf(head: TableHead, wanted: Wanted): Columns {
  const { logits, labels } = wanted;
  const table = new Table(head);
  const ofRegression = isRegression(wanted);
  const given = logits?.columns?.flatMap((it) => table.given("--columns", it)) ?? [];
  // a class may be called as a column of labels is
  const label = labels && (labels.beside ? besideColumn(table, labels.beside) : labelColumn(table, labels, given));
  const labelKind = labels?.beside ?? (ofRegression ? "targets" : "labels");
  const labelNote = label === undefined ? "" : `column ${table.nameOf(label)} as ${labelKind}`;
  if (logits === undefined) return { label, values: [], classNames: undefined, input: undefined, note: labelNote };
  if (ofRegression && logits.columns === undefined) {
    const value = predictionColumn(table, label);
    const note = `column ${table.nameOf(value)} as predictions${labelNote && `, ${labelNote}`}`;
    return { label, values: [value], classNames: undefined, input: undefined, note };
  }
  const { columns, classNames, input } = valueColumns(table, logits, label);
  if (label !== undefined && columns.includes(label)) {
    table.fail(`column ${table.nameOf(label)} can't hold both labels and logits`);
  }
  if ((ofRegression || logits.isSingle) && columns.length > 1) {
    table.fail(`columns ${table.nameAll(columns)} hold predictions, but one is wanted: --columns must say which`);
  }
  const one = columns.length === 1;
  const kind = ofRegression ? "predictions" : IN_WORDS[logits.input ?? input ?? "logits"];
  const ofOne = one && !ofRegression ? " of class 1" : "";
  const note = `column${one ? "" : "s"} ${table.nameAll(columns)} as ${kind}${ofOne}${labelNote && `, ${labelNote}`}`;
  return { label, values: columns, classNames: one ? undefined : usefulNames(classNames), input, note };
}
