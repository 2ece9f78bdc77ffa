// tsx bench/readme.ts RESULTS.json [CHART.svg]: writes a run's results into docs/performance.md, and of those beside the peers
// a short table into the README, both between markers.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type CaseResult, find, type Input, type Run, readRun } from "./results.ts";
import { ratioOf } from "./statistics.ts";
import { heading, ownTable, quartiles, ratioText, table, timeText, whyNot } from "./table.ts";
import { compareWithTargets, type Reached, verdictOn } from "./targets.ts";

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

const COMMANDS = `\`\`\`
apt-get install clang-19 lld-19 python3-numpy python3-torch  # optional: LLVM wasm, numpy and PyTorch
npm run bench -- --peers --json bench.json --chart bench.svg
npx tsx bench/readme.ts bench.json bench.svg
\`\`\``;

// ---------------------------------------------------------------------------------------------------------- the peers

/** A column of a table: its head, and whose times they are. */
type Column = readonly [head: string, name: string, input: Input];

const PEERS: readonly Column[] = [
  ["resident", "wasm", "resident"],
  ["copied", "wasm", "copied"],
  ["LLVM wasm", "LLVM wasm", "resident"],
  ["tfjs-wasm", "tfjs-wasm", "resident"],
  ["onnxruntime-web", "onnxruntime-web", "copied"],
  ["onnxruntime-node", "onnxruntime-node", "ordinary"],
  ["numpy", "numpy", "ordinary"],
  ["PyTorch", "PyTorch", "ordinary"],
  ["JavaScript", "js", "ordinary"],
  ["good loop", "good loop", "ordinary"],
];

/** A time, and the times of a speed-up: what the first candidate of a row is ahead by. */
function cellOf(result: CaseResult, [, ...who]: Column, engine?: string): string {
  const outcome = find(result, ...who, engine);
  if (!outcome) return "";
  if (!outcome.timing) return whyNot(outcome);
  const own = find(result, "wasm", "resident", engine)?.timing;
  if (!own || own === outcome.timing) return timeText(outcome.timing.median);
  return `${timeText(outcome.timing.median)} (${ratioText(ratioOf(own.rounds, outcome.timing.rounds).median)})`;
}

/** Without the columns that nobody ran in. */
function timesOf(results: readonly CaseResult[], columns: readonly Column[], engine?: string): string {
  const there = columns.filter(([, ...who]) => results.some((result) => find(result, ...who, engine)));
  const rows = results.map((result) => [
    `${result.operation} ${result.shape}`,
    ...there.map((column) => cellOf(result, column, engine)),
  ]);
  return table(["ms a call", ...there.map(([head]) => head)], rows, 1, true);
}

function peerSection(run: Run): string[] {
  const results = run.cases.filter(({ outcomes }) => outcomes.some(({ name }) => name === "good loop"));
  return [
    "Milliseconds a call, float32, one thread; in parentheses the time of `resident` over it, the median of the rounds'" +
      " ratios: below 1 this package is faster. *Resident* data lies in the engine's memory (`losses.alloc`; a" +
      " TensorFlow.js tensor; the memory of the C module), *copied* data in ordinary arrays. ONNX Runtime Web copies; ONNX" +
      " Runtime for Node.js, numpy and PyTorch are native code on ordinary arrays. *LLVM wasm* is C with SIMD intrinsics" +
      " (`bench/native`). *JavaScript* is this package's fallback, *good loop* an unrolled one with Math.exp." +
      " A result that is off by more than 1e-4 is not timed.",
    timesOf(results, PEERS),
  ];
}

// ---------------------------------------------------------------------------------------------------- of the README

const SHOWN = ["resident", "copied", "tfjs-wasm", "onnxruntime-web", "onnxruntime-node", "numpy", "PyTorch"];
const SHOWN_CASES = [
  "mse 1e7",
  "softmax 32x50257",
  "crossEntropy 1000x1000",
  "crossEntropy 32x50257",
  "crossEntropy 100000x10",
  "crossEntropyWithGrad 32x50257",
  "crossEntropyWithGrad 100000x10",
];

/** What stands in the README of a run beside the peers. */
function shortSection(run: Run): string {
  const isShown = ({ operation, shape, dtype }: CaseResult) =>
    dtype === "float32" && SHOWN_CASES.includes(`${operation} ${shape}`);
  const columns = PEERS.filter(([head]) => SHOWN.includes(head));
  return [
    "Milliseconds a call, float32, one thread. In parentheses: the time of this package with *resident* data (in the engine's" +
      " memory, as the peers' tensors) over the other's; below 1 this package is faster. *Copied* data lies in ordinary arrays." +
      " ONNX Runtime for Node.js, numpy and PyTorch are native code.",
    timesOf(run.cases.filter(isShown), columns),
    heading(run).replaceAll("\n", "  \n"),
  ].join("\n\n");
}

// ------------------------------------------------------------------------------------------------------ relaxed SIMD

const RELAXED: readonly Column[] = [
  ["strict", "wasm", "resident"],
  ["relaxed", "wasm relaxed", "resident"],
  ["LLVM wasm, strict", "LLVM wasm", "resident"],
  ["LLVM wasm, relaxed", "LLVM wasm relaxed", "resident"],
];

function relaxedSection(run: Run): string[] {
  const relaxed = run.cases.flatMap(({ outcomes }) => outcomes).find(({ name }) => name === "wasm relaxed");
  if (!relaxed) return [];
  const { engine } = relaxed;
  const results = run.cases.filter((result) => find(result, "wasm relaxed", "resident", engine));
  return [
    `Relaxed SIMD, with fused multiply-add (\`relaxed: true\`), in ${engine ?? "the same engine"}; in parentheses the time` +
      " of `strict` over it:",
    timesOf(results, RELAXED, engine),
  ];
}

// ----------------------------------------------------------------------------------------------------------- targets

const style = { reached: "", unsettled: "*", missed: "**" } as const;

function measuredText({ target, measured, unmeasured }: Reached): string {
  if (!measured) return unmeasured!;
  const mark = style[verdictOn(measured, target)];
  return `${mark}${ratioText(measured.median)}${mark} (${quartiles(measured, ratioText)})`;
}

/** A line a target, a column a size. */
function targetsBySize(all: readonly Reached[]): string {
  const shapes = [...new Set(all.map(({ shape }) => shape))];
  const rows = [...new Set(all.map(({ target }) => target))].map((target) => {
    const cell = (shape: string) => all.find((each) => each.target === target && each.shape === shape);
    const cells = shapes.map(cell).map((each) => (each ? measuredText(each) : ""));
    return [target.operation, target.says, `<= ${target.atMost}`, ...cells];
  });
  return table(["", "", "to reach", ...shapes], rows, 2);
}

/** A line a size. */
function targetsInTurn(all: readonly Reached[]): string {
  const rows = all.map((each) => {
    const { operation, says, atMost } = each.target;
    return [`${operation} ${each.shape}`, says, `<= ${atMost}`, measuredText(each)];
  });
  return table(["", "", "to reach", "measured"], rows, 2);
}

/** What was missed, by the reason. */
function missed(all: readonly Reached[]): string {
  const reasons = new Map<string, Map<string, string[]>>();
  for (const { target, shape, measured } of all) {
    if (!measured || verdictOn(measured, target) !== "missed") continue;
    const { operation, says, reason = "no reason is known" } = target;
    const where = reasons.get(reason) ?? new Map<string, string[]>();
    const name = `${operation}, ${says}`;
    reasons.set(reason, where.set(name, [...(where.get(name) ?? []), shape]));
  }
  const lines = [...reasons].map(([reason, where]) => {
    const places = [...where].map(([name, shapes]) => `${name} (${shapes.join(", ")})`);
    return `- ${places.join("; ")}: ${reason}`;
  });
  return lines.join("\n");
}

function targetSection(run: Run): string[] {
  const all = compareWithTargets(run);
  const ofRows = all.filter(({ target, shape }) => target.over && shape.includes("x"));
  const why = missed(all);
  return [
    "What is to be reached, and what was: a ratio of times, with the quartiles of the rounds; times in µs where it says so." +
      " **Missed** in bold, in *italics* what is not settled: of the median and the quotient of the minima one" +
      " reached it.",
    targetsBySize(ofRows),
    targetsInTurn(all.filter((each) => !ofRows.includes(each))),
    ...(why ? [`Why some were missed:\n\n${why}`] : []),
  ];
}

// ----------------------------------------------------------------------------------------------------------- section

/** What stands in docs/performance.md. */
function sectionOf(run: Run, chart: string | undefined): string {
  const own = "Each result was checked against a float64 oracle and then timed, all candidates of a case in turn.";
  return [
    `${heading(run).replaceAll("\n", "  \n")}`,
    own,
    ...(run.peers ? [...peerSection(run), ...relaxedSection(run), ...targetSection(run)] : [ownTable(run)]),
    ...(chart === undefined ? [] : [`![Times relative to wasm-loss](${chart})`]),
    ...run.notes,
    `This section is written in five minutes by\n\n${COMMANDS}`,
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

const root = fileURLToPath(new URL("..", import.meta.url));

function write(name: string, section: string): void {
  const path = join(root, name);
  writeFileSync(path, between(readFileSync(path, "utf8"), section));
}

const [results, chart] = process.argv.slice(2);
try {
  if (results === undefined) throw new Error("usage: tsx bench/readme.ts RESULTS.json [CHART.svg]");
  const run = readRun(results);
  const performance = "docs/performance.md";
  write(performance, sectionOf(run, chart && relative(dirname(join(root, performance)), chart).replaceAll("\\", "/")));
  if (run.peers) write("README.md", shortSection(run));
} catch (error) {
  process.stderr.write(`bench/readme: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
