// tsx bench/readme.ts RESULTS.json README.md [CHART.svg]: writes the README's section on performance from a run's results.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { type CaseResult, type Outcome, type Run, readRun } from "./results.ts";
import { ratioOf } from "./statistics.ts";
import { heading, number, ownTable, table, targetTable, whyNot } from "./table.ts";

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

const COMMANDS = `\`\`\`
npm run bench -- --peers --json bench.json --chart bench.svg
npx tsx bench/readme.ts bench.json README.md bench.svg
\`\`\``;

/** One column a candidate; of a peer that was timed on both kinds of input the resident one. */
function columnsOf(run: Run): string[] {
  const columns = run.cases.flatMap(({ outcomes }) =>
    outcomes
      .filter(({ name, input }) => name === "wasm" || input !== "copied" || !hasResident(outcomes, name))
      .map(columnOf),
  );
  return [...new Set(columns)];
}

function hasResident(outcomes: readonly Outcome[], name: string): boolean {
  return outcomes.some((outcome) => outcome.name === name && outcome.input === "resident");
}

function columnOf({ name, input }: Outcome): string {
  return name === "wasm" ? `wasm, ${input}` : name;
}

function cellOf({ outcomes }: CaseResult, column: string): string {
  const candidates = outcomes.filter((each) => columnOf(each) === column);
  const outcome = candidates.find(({ input }) => input === "resident") ?? candidates[0];
  if (!outcome) return "";
  if (!outcome.timing) return whyNot(outcome);
  const own = outcomes.find((each) => columnOf(each) === "wasm, resident")?.timing;
  if (!own || own === outcome.timing) return number(outcome.timing.median);
  return `${number(outcome.timing.median)} (${number(ratioOf(own.rounds, outcome.timing.rounds).median)})`;
}

function peerSection(run: Run): string[] {
  const columns = columnsOf(run);
  const rows = run.cases.map((result) => [
    `${result.operation} ${result.shape}`,
    ...columns.map((column) => cellOf(result, column)),
  ]);
  return [
    "Milliseconds a call, float32, one thread; in parentheses the time of `wasm, resident` over it, the median of the" +
      " rounds' ratios. *Resident* data lies in the engine's memory (`losses.alloc`; a TensorFlow.js tensor), *copied*" +
      " data in ordinary arrays. ONNX Runtime Web copies; the loops and ONNX Runtime for Node.js, which is native code," +
      " work on ordinary arrays. A result that is off by more than 1e-4 is not timed.",
    table(["case", ...columns], rows, 1),
    "What is to be reached, with the quartiles of the rounds:",
    targetTable(run),
  ];
}

/** What stands between the markers. */
function sectionOf(run: Run, chart: string | undefined): string {
  const own = "Each result was checked against a float64 oracle and then timed, all candidates of a case in turn.";
  return [
    `${heading(run).replaceAll("\n", "  \n")}`,
    own,
    ...(run.peers ? peerSection(run) : [ownTable(run)]),
    ...(chart === undefined ? [] : [`![Times relative to wasm-loss](${chart})`]),
    ...run.notes,
    `This section is written by\n\n${COMMANDS}`,
  ].join("\n\n");
}

function between(text: string, section: string): string {
  const [before, ...afterBegin] = text.split(BEGIN);
  const [, ...afterEnd] = (afterBegin[0] ?? "").split(END);
  if (afterBegin.length !== 1 || afterEnd.length !== 1) {
    throw new Error(`there must be one ${BEGIN} and after it one ${END}`);
  }
  return `${before}${BEGIN}\n\n${section}\n\n${END}${afterEnd[0]}`;
}

const [results, readme, chart] = process.argv.slice(2);
try {
  if (readme === undefined) throw new Error("usage: tsx bench/readme.ts RESULTS.json README.md [CHART.svg]");
  const path = chart && relative(dirname(readme), chart).replaceAll("\\", "/");
  writeFileSync(readme, between(readFileSync(readme, "utf8"), sectionOf(readRun(results), path)));
} catch (error) {
  process.stderr.write(`bench/readme: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
