import { markdownTable } from "markdown-table";
import { type CaseResult, find, type Input, type Outcome, type Run } from "./results.ts";
import { ratioOf, type Spread } from "./statistics.ts";
import { compareWithTargets, verdictOn } from "./targets.ts";

/** Three digits, without an exponent. */
export function number(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toPrecision(3)).toFixed(Math.min(digits, 20));
}

/** Two digits behind the point, or as many as matter. */
export function ratioText(value: number): string {
  return value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

/** Of ms: those below a hundredth in µs. */
export function timeText(milliseconds: number): string {
  return milliseconds < 0.01 ? `${number(1000 * milliseconds)} µs` : number(milliseconds);
}

/** 1234567890 -> 1.23 G */
function rate(value: number): string {
  const [unit, name] = value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${number(value / unit)} ${name}`;
}

/** A relative error: 1.6% where it is large, else 3e-8. */
export function errorText(error: number): string {
  if (error === 0) return "0";
  return error >= 0.001 && Number.isFinite(error) ? `${number(100 * error)}%` : error.toExponential(0);
}

export function quartiles({ quartiles: [first, third] }: Spread, text = number): string {
  return `${text(first)}–${text(third)}`;
}

/** Why an outcome has no time. */
export function whyNot({ status, error, reason }: Outcome): string {
  return status === "wrong" ? `WRONG by ${errorText(error!)}` : `failed: ${reason}`;
}

/** A table whose first columns are left-aligned and whose others are numbers. */
/** `compact`: without spaces that line the columns up, for a page that is not read as text. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
  compact = false,
): string {
  return markdownTable([head, ...rows], {
    align: head.map((_, i) => (i < left ? "l" : "r")),
    alignDelimiters: !compact,
  });
}

// ----------------------------------------------------------------------------------------------- this package alone

const OWN_HEAD = [
  "case",
  "dtype",
  "backend",
  "input",
  "median ms",
  "quartiles",
  "elements/s",
  "GB/s",
  "speed-up",
  "error",
];

/** Each case against the plain loop. */
export function ownTable(run: Run): string {
  const rows = run.cases.flatMap((result) =>
    result.outcomes.map((outcome) => [
      `${result.operation} ${result.shape}`,
      result.dtype,
      outcome.name,
      outcome.input,
      ...ownFigures(result, outcome),
    ]),
  );
  return table(OWN_HEAD, rows, 4);
}

function ownFigures(result: CaseResult, outcome: Outcome): string[] {
  const { timing, error } = outcome;
  if (!timing) return [whyNot(outcome), "", "", "", "", ""];
  const seconds = timing.median / 1000;
  const plain = find(result, "plain loop", "ordinary")?.timing;
  return [
    number(timing.median),
    quartiles(timing),
    rate(result.elements / seconds),
    number(result.bytes / seconds / 1e9),
    plain ? number(ratioOf(plain.rounds, timing.rounds).median) : "",
    errorText(error!),
  ];
}

// ------------------------------------------------------------------------------------------------ beside the peers

const PEER_HEAD = [
  "case",
  "dtype",
  "candidate",
  "input",
  "median ms",
  "quartiles",
  "minimum ms",
  "resident / it",
  "copied / it",
  "error",
];

/** Each candidate, and this package's time (wasm, strict) over its. */
export function peerTable(run: Run): string {
  const rows = run.cases.flatMap((result) =>
    result.outcomes.map((outcome) => [
      `${result.operation} ${result.shape}`,
      result.dtype,
      outcome.engine ? `${outcome.name}, ${outcome.engine}` : outcome.name,
      outcome.input,
      ...peerFigures(result, outcome),
    ]),
  );
  return table(PEER_HEAD, rows, 4);
}

function peerFigures(result: CaseResult, outcome: Outcome): string[] {
  const { timing, error } = outcome;
  if (!timing) return [whyNot(outcome), "", "", "", "", ""];
  const over = (input: Input) => {
    const own = find(result, "wasm", input, outcome.engine);
    if (!own?.timing || own === outcome) return "";
    const ratio = ratioOf(own.timing.rounds, timing.rounds);
    return `${ratioText(ratio.median)} (${quartiles(ratio, ratioText)})`;
  };
  return [
    number(timing.median),
    quartiles(timing),
    number(timing.minimum),
    over("resident"),
    over("copied"),
    errorText(error!),
  ];
}

/** Who ran where: a line each. */
export function heading({ machine, versions, date }: Run): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const busy = machine.load > 0.3 ? `; others were at work: load ${number(machine.load)} a core` : "";
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}${busy}`,
    `${machine.engine}; ${named.join(", ")}; ${date.slice(0, 10)}`,
  ].join("\n");
}

// -------------------------------------------------------------------------------------------------------- targets

const TARGET_HEAD = ["case", "what", "measured", "quartiles", "of minima", "to reach", ""];

/** What is to be reached, and what was. */
export function targetTable(run: Run): string {
  const rows = compareWithTargets(run).map(({ target, shape, measured, unmeasured }) => {
    const name = [`${target.operation} ${shape}`, target.says];
    const limit = `<= ${target.atMost.toFixed(2)}`;
    if (!measured) return [...name, unmeasured!, "", "", limit, ""];
    const verdict = verdictOn(measured, target);
    const ratios = [ratioText(measured.median), quartiles(measured, ratioText), ratioText(measured.best)];
    return [...name, ...ratios, limit, verdict];
  });
  return table(TARGET_HEAD, rows, 2);
}
