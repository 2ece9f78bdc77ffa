import type { RunPlan } from "../../cluster/plan.ts";
import { integerOption, parseArguments, UsageError } from "../arguments.ts";
import { COMPARE_OPTIONS } from "../compareOptions.ts";
import { OPTIONS } from "../evaluateOptions.ts";

const DEFAULT_ADDRESS = "redis://127.0.0.1:6379";

/** Of the commands: what is of one machine, or of the outputs. */
const NOT_OF_RUNS = ["state", "report", "threads", "shard", "state-dir", "backend", "json", "rows", "names"];

/** Files of each input beside those that it begins with. */
const FILES = ["mask", "groups"];

/** Files of all inputs. */
const OF_ALL = ["weight"];

/** Of the whole text: they go with the first input. */
const LENGTHS = ["bytes", "words"];

/** What is printed of a result. */
const PRINTING = {
  json: { type: "boolean", default: false },
  report: { type: "string" },
  state: { type: "string" },
  names: { type: "string" },
} as const;

const REDIS = { redis: { type: "string" } } as const;

type Options = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

/** Options of a command that say what is added up. */
function optionsOf(command: RunPlan["command"]): Options {
  const all: Options = command === "compare" ? COMPARE_OPTIONS : OPTIONS;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !NOT_OF_RUNS.includes(name)));
}

/** UsageError of options that no run has: a job is no command line of its own. */
export function checkRunOptions({ command, options, inputs }: RunPlan): void {
  if (command !== "evaluate" && command !== "compare") throw new UsageError(`a run of ${JSON.stringify(command)}`);
  const known = optionsOf(command);
  for (const option of [options, ...inputs.map((input) => input.options)].flat()) {
    const name = /^--([a-z-]+)(?=$|=)/.exec(option)?.[1];
    if (name === undefined || !Object.hasOwn(known, name)) {
      throw new UsageError(`${JSON.stringify(option)} is no option of a run`);
    }
  }
}

function redisOption(text: string | undefined): string {
  const address = text ?? process.env.REDIS_URL ?? DEFAULT_ADDRESS;
  if (/^rediss?:\/\//.test(address) && URL.canParse(address)) return address;
  throw new UsageError("--redis must be an address that begins with redis:// or rediss://");
}

function runOption(text: string | undefined): string {
  if (text === undefined) throw new UsageError("cluster submit needs --run NAME");
  return checkedRun(text);
}

function checkedRun(text: string): string {
  if (/^[\w.-]{1,100}$/.test(text)) return text;
  throw new UsageError(
    `a run is called ${JSON.stringify(text)}, but must be 1 to 100 letters, digits, "_", "." and "-"`,
  );
}

/** Options as they are on a command line again. */
function again(values: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = values[name];
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}

export function parseSubmit(args: readonly string[]) {
  const isCompare = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined).includes("--compare");
  const command: RunPlan["command"] = isCompare ? "compare" : "evaluate";
  const ofRun = optionsOf(command);
  const { values, positionals } = parseArguments(args, {
    ...ofRun,
    ...PRINTING,
    ...REDIS,
    compare: { type: "boolean", default: false },
    run: { type: "string" },
    "shard-rows": { type: "string" },
    "state-dir": { type: "string" },
    wait: { type: "boolean", default: false },
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  const [least, most, what] = isCompare ? [2, 3, "BASE, OTHER and LABELS"] : [1, 2, "LOGITS and LABELS"];
  if (positionals.length < least || positionals.length > most) {
    throw new UsageError(`cluster submit takes ${what}, but got ${positionals.length} (quote patterns)`);
  }
  const text = (name: string) => given[name] as string | undefined;
  const ofCommand = Object.keys(ofRun).filter((name) => ![...FILES, ...OF_ALL, ...LENGTHS].includes(name));
  return {
    command,
    files: positionals,
    /** Options that name a file of each input. */
    beside: FILES.flatMap((name) => (text(name) === undefined ? [] : [{ name, pattern: text(name)! }])),
    ofAll: OF_ALL.flatMap((name) => (text(name) === undefined ? [] : [{ name, path: text(name)! }])),
    lengths: LENGTHS.flatMap((name) => (text(name) === undefined ? [] : [{ name, length: text(name)! }])),
    run: runOption(text("run")),
    redis: redisOption(text("redis")),
    shardRows: integerOption("--shard-rows", text("shard-rows"), 1),
    stateDir: text("state-dir"),
    wait: given.wait === true,
    json: given.json === true,
    /** Options of the command, in the order of the list, so that the same ones are the same plan. */
    options: again(given, ofCommand),
    result: [...again(given, Object.keys(PRINTING)), ...(given["per-class"] === true ? ["--per-class"] : [])],
  };
}

export function parseWork(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, {
    ...REDIS,
    files: { type: "string", multiple: true },
    threads: { type: "string" },
    backend: { type: "string" },
  });
  if (positionals.length > 0) throw new UsageError(`cluster work takes no ${JSON.stringify(positionals[0])}`);
  return { redis: redisOption(values.redis), files: values.files ?? [], engine: again(values, ["threads", "backend"]) };
}

export function parseRun(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, {
    ...PRINTING,
    "per-class": { type: "boolean", default: false },
    ...REDIS,
  });
  if (positionals.length !== 1) throw new UsageError(`a run is named, but got ${positionals.length} names`);
  return {
    run: checkedRun(positionals[0]),
    redis: redisOption(values.redis),
    asJson: values.json,
    printing: again(values, [...Object.keys(PRINTING), "per-class"]),
  };
}
