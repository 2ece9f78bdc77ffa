import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { binaryOfTotals } from "../evaluate/binary/binary.ts";
import { encodeBinary, isBinaryState } from "../evaluate/binary/binaryState.ts";
import { comparisonOfTotals } from "../evaluate/comparison/comparison.ts";
import { encodeComparison, isComparisonState } from "../evaluate/comparison/comparisonState.ts";
import { evaluationOfTotals } from "../evaluate/evaluation.ts";
import { encodeRegression, isRegressionState, regressionOfTotals } from "../evaluate/regression.ts";
import {
  encode,
  isEvaluationState,
  mergeBinaries,
  mergeComparisons,
  mergeRegressions,
  mergeTotals,
} from "../evaluate/state.ts";
import { withoutSecrets } from "../formats/addresses/address.ts";
import { filesInBucket } from "../formats/addresses/bucket.ts";
import { isAddress, isInBucket } from "../formats/addresses/schemes.ts";
import { FormatError } from "../formats/error.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { binaryTable, printableBinary } from "./binaryTable.ts";
import { comparisonTable } from "./comparisonTable.ts";
import { checkOutputs, type Named, type Output, writeOutputs } from "./files.ts";
import { namesOf } from "./names.ts";
import { printable } from "./printable.ts";
import { readState } from "./readState.ts";
import { binaryReport } from "./report/binaryReport.ts";
import { comparisonReport } from "./report/comparisonReport.ts";
import { evaluationReport, regressionReport } from "./report/reports.ts";
import {
  classCells,
  classificationLists,
  evaluationTable,
  percentileLists,
  regressionTable,
  worstCells,
} from "./tables.ts";
import { columns, json } from "./text.ts";
import { warn } from "./warn.ts";

export const mergeHelp = `wasm-loss merge PART.acc|DIR ... [--per-class] [--names FILE] [--json] [--report FILE] [--state FILE]

  One evaluation of what several runs of evaluate --state added up: the same as that of all their rows at once; - is standard
  input, DIR all of its files that end in .acc (those of evaluate --shard); both may be in a bucket, s3://BUCKET/PREFIX. A state
  that is given twice counts once; rows of one file in two states are refused. Options as of evaluate.

  Example: wasm-loss merge part1.acc part2.acc --report report.html
`;

/** So many missing shards are named. */
const LISTED = 10;

/** The command `merge`: returns what is to be printed. */
export async function merge(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArguments(args, {
    json: { type: "boolean", default: false },
    report: { type: "string" },
    state: { type: "string" },
    names: { type: "string" },
    "per-class": { type: "boolean", default: false },
  });
  if (positionals.length === 0) throw new UsageError("merge takes one file or more, but got 0");
  const paths = (await Promise.all(positionals.map(statesIn))).flat();
  const report = ["--report", values.report] as const;
  const parts = paths.filter((path) => !isAddress(path)).map((path): Named => ["PART.acc", path]);
  checkOutputs([report], parts);
  // all parts are read before the state is written: it may replace one of them
  checkOutputs([["--state", values.state], report], []);
  const states: Uint8Array[] = [];
  for (const path of paths) states.push(await readState(path));
  const names = paths.map((path) => (path === "-" ? "standard input" : withoutSecrets(path)));
  checkSameMaker(states, names);
  const outputs: Output[] = [];
  const perClass = values["per-class"];
  const subject = { of: names.length === 1 ? names[0] : `${names.length} states` };
  const making = { args: ["merge", ...args.map(withoutSecrets)], inputs: [["states", names.join(", ")] as const] };
  const maker = makerOf(states[0]);
  const other = maker === "--loss cross-entropy" ? undefined : maker;
  for (const [option, isGiven] of [
    ["--per-class", perClass],
    ["--names", values.names !== undefined],
  ] as const) {
    if (isGiven && other !== undefined) throw new UsageError(`${option} is not for states of ${other}`);
  }
  if (isBinaryState(states[0])) {
    const { totals, repeated } = mergeBinaries("merge", states, names);
    tellRepeated(repeated, names);
    const evaluation = binaryOfTotals(totals);
    if (values.report !== undefined) outputs.push([values.report, binaryReport({ subject, making, evaluation })]);
    if (values.state !== undefined) outputs.push([values.state, encodeBinary(totals)]);
    const text = values.json ? json(printableBinary(evaluation)) : binaryTable(evaluation, undefined, totals.coverage);
    await writeOutputs(outputs, text);
    return text;
  }
  if (isComparisonState(states[0])) {
    const { totals, repeated } = mergeComparisons("merge", states, names);
    tellRepeated(repeated, names);
    const comparison = comparisonOfTotals(totals);
    if (values.report !== undefined) outputs.push([values.report, comparisonReport({ subject, making, comparison })]);
    if (values.state !== undefined) outputs.push([values.state, encodeComparison(totals)]);
    const text = values.json ? json(comparison) : comparisonTable(comparison, undefined, totals.coverage);
    await writeOutputs(outputs, text);
    return text;
  }
  if (isRegressionState(states[0])) {
    const { totals, repeated } = mergeRegressions("merge", states, names);
    tellRepeated(repeated, names);
    const result = regressionOfTotals(totals);
    if (values.report !== undefined) {
      outputs.push([values.report, regressionReport({ subject, making, regression: result })]);
    }
    if (values.state !== undefined) outputs.push([values.state, encodeRegression(totals)]);
    const text = values.json ? json(result) : regressionTable(result);
    await writeOutputs(outputs, text);
    return text;
  }
  const { totals, repeated } = mergeTotals("merge", states, names);
  tellRepeated(repeated, names);
  const evaluation = evaluationOfTotals(totals);
  if (values.state !== undefined) outputs.push([values.state, encode(totals)]);
  if (values.report !== undefined) {
    const options = [["ignored label", String(totals.options.ignoreIndex)]] as const;
    outputs.push([values.report, evaluationReport({ subject, making, evaluation, options, perClass })]);
  }
  const data = printable(evaluation);
  const nameOf = namesOf(values.names, evaluation.classes);
  const lists = [
    ...(perClass ? [columns(classCells(evaluation, nameOf))] : []),
    ...percentileLists(evaluation),
    ...classificationLists(evaluation, nameOf),
    ...(data.worst === undefined ? [] : [columns(worstCells(data.worst))]),
  ];
  const text = values.json ? json(data) : evaluationTable(evaluation, undefined, lists, totals.coverage);
  await writeOutputs(outputs, text);
  return text;
}

/** The states of a folder, also one of a bucket, in order; any other path as it is. */
async function statesIn(path: string): Promise<string[]> {
  const isBucket = isInBucket(path) && !path.endsWith(".acc");
  const isFolder = path !== "-" && !isAddress(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (!isBucket && !isFolder) return [path];
  const folder = isBucket ? `${path.replace(/\/+$/, "")}/` : path;
  const all = isBucket ? (await filesInBucket(folder)).map((it) => it.slice(folder.length)) : readdirSync(path);
  const names = all.filter((name) => name.endsWith(".acc") && !name.includes("/"));
  if (names.length === 0) throw new FormatError(`${path}: a folder without files that end in .acc`);
  tellMissing(path, names);
  const collator = new Intl.Collator("en", { numeric: true });
  return names.sort(collator.compare).map((name) => (isBucket ? `${folder}${name}` : join(path, name)));
}

/** Says which shards of evaluate --shard a folder lacks: what is merged is less than all then. */
function tellMissing(folder: string, names: readonly string[]): void {
  const found = names.flatMap((name) => {
    const [, index, count] = /^part-(\d+)-of-(\d+)\.acc$/.exec(name) ?? [];
    return index === undefined ? [] : [{ index: Number(index), count: Number(count) }];
  });
  for (const count of new Set(found.map((it) => it.count))) {
    const there = new Set(found.flatMap((it) => (it.count === count ? it.index : [])));
    const missing = Array.from({ length: count }, (_, i) => i + 1).filter((i) => !there.has(i));
    if (missing.length === 0) continue;
    const list = `${missing.slice(0, LISTED).join(", ")}${missing.length > LISTED ? ", ..." : ""}`;
    warn(`${folder}: ${missing.length} of ${count} shards are missing (${list})`);
  }
}

/** Says once which parts were not added, being one that was given before. */
function tellRepeated(repeated: readonly number[], names: readonly string[]): void {
  if (repeated.length > 0) warn(`${repeated.map((i) => names[i]).join(", ")}: the same state again; it counts once`);
}

/** What made a state; undefined of what is none. */
function makerOf(state: Uint8Array): string | undefined {
  if (isRegressionState(state)) return "--loss mse";
  if (isBinaryState(state)) return "--loss binary";
  if (isComparisonState(state)) return "compare";
  return isEvaluationState(state) ? "--loss cross-entropy" : undefined;
}

function checkSameMaker(states: readonly Uint8Array[], paths: readonly string[]): void {
  const [first, ...others] = states.map((state, i) => {
    const maker = makerOf(state);
    if (maker === undefined)
      throw new FormatError(`${paths[i]}: is no state, as evaluate and compare write with --state`);
    return maker;
  });
  const other = others.findIndex((maker) => maker !== first);
  if (other < 0) return;
  throw new FormatError(`${paths[other + 1]}: is a state of ${others[other]}, but ${paths[0]} is one of ${first}`);
}
