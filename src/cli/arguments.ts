import { parseArgs } from "node:util";
import { nearest } from "../nearest.ts";

/** Wrong usage: the command line was not understood (exit code 2). */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = Record<string, { type: "string" | "boolean"; default?: string | boolean }>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/** `parseArgs`, strict, with its errors as UsageErrors of one sentence, and `--ignore-index -1` taken as it is meant. */
export function parseArguments<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  const joined: string[] = [];
  for (const arg of args) {
    const previous = joined.at(-1) ?? "";
    const takesValue = options[previous.replace(/^--/, "")]?.type === "string";
    if (takesValue && /^-\d/.test(arg)) joined[joined.length - 1] = `${previous}=${arg}`;
    else joined.push(arg);
  }
  try {
    return parseArgs({ args: joined, options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's are TypeErrors; those of its forerunner, which a page has, are not
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("ERR_PARSE_ARGS")) throw new UsageError(withNearest(message.split(/\.\s/)[0], options));
    throw error;
  }
}

/** The message of an unknown option, and the option that was most likely meant. */
function withNearest(message: string, options: Options): string {
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  const meant = unknown && nearest(unknown, Object.keys(options));
  return meant ? `${message} (--${meant}?)` : message;
}

/** The integer that an option gives; undefined, as of choiceOption, where it isn't given. */
export function integerOption<T extends string | undefined>(
  option: string,
  text: T,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number | Extract<T, undefined> {
  if (text === undefined) return text as Extract<T, undefined>;
  const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  const range =
    maximum === Number.MAX_SAFE_INTEGER && !(value > maximum) ? `from ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new UsageError(`${option} is ${JSON.stringify(text)}, but must be an integer ${range}`);
}

export function choiceOption<const C extends string, T extends string | undefined>(
  option: string,
  text: T,
  choices: readonly C[],
): C | Extract<T, undefined> {
  if (text === undefined) return text as Extract<T, undefined>;
  const choice = choices.find((it) => it === (text as string));
  if (choice !== undefined) return choice;
  throw new UsageError(`${option} is ${JSON.stringify(text)}, but must be one of ${choices.join(", ")}`);
}
