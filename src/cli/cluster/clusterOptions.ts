import { shownAddress } from "../../cluster/peers.ts";
import { integerOption, parseArguments, UsageError } from "../arguments.ts";
import { OPTIONS } from "../evaluateOptions.ts";

const DEFAULT_ADDRESS = "redis://127.0.0.1:6379";

/** Of evaluate: what is of one machine, or of the outputs. */
const NOT_OF_SUBMIT = [
  "state",
  "report",
  "threads",
  "shard",
  "state-dir",
  "backend",
  "json",
  "rows",
  "mask",
  "groups",
  "bytes",
  "words",
  "names",
];

/** What is printed of a result. */
const PRINTING = {
  json: { type: "boolean", default: false },
  report: { type: "string" },
  state: { type: "string" },
  names: { type: "string" },
} as const;

const REDIS = { redis: { type: "string" } } as const;

export const addressOf = shownAddress;

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
  const names = Object.keys(OPTIONS).filter((name) => !NOT_OF_SUBMIT.includes(name));
  const ofEvaluate = Object.fromEntries(
    Object.entries(OPTIONS).filter(([name]) => names.includes(name)),
  ) as unknown as Record<string, { type: "string" | "boolean" }>;
  const { values, positionals } = parseArguments(args, {
    ...ofEvaluate,
    ...PRINTING,
    ...REDIS,
    run: { type: "string" },
    "shard-rows": { type: "string" },
    "state-dir": { type: "string" },
    wait: { type: "boolean", default: false },
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  const [logits, labels, more] = positionals;
  if (labels === undefined || more !== undefined) {
    throw new UsageError(`cluster submit takes LOGITS and LABELS, but got ${positionals.length} (quote patterns)`);
  }
  const text = (name: string) => given[name] as string | undefined;
  return {
    logits,
    labels,
    run: runOption(text("run")),
    redis: redisOption(text("redis")),
    shardRows: integerOption("--shard-rows", text("shard-rows"), 1),
    stateDir: text("state-dir"),
    wait: given.wait === true,
    json: given.json === true,
    /** Options of evaluate, in the order of the list, so that the same ones are the same plan. */
    evaluate: again(given, names),
    result: [...again(given, Object.keys(PRINTING)), ...(given["per-class"] === true ? ["--per-class"] : [])],
  };
}

export function parseWork(args: readonly string[]) {
  const { values, positionals } = parseArguments(args, {
    ...REDIS,
    files: { type: "string" },
    threads: { type: "string" },
    backend: { type: "string" },
  });
  if (positionals.length > 0) throw new UsageError(`cluster work takes no ${JSON.stringify(positionals[0])}`);
  return { redis: redisOption(values.redis), files: values.files, engine: again(values, ["threads", "backend"]) };
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
