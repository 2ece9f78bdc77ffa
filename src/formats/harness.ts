/**
 * Samples that lm-evaluation-harness logs (--log_samples, samples_TASK_DATE.jsonl) of multiple-choice tasks: a line of JSON a
 * question, with the log-likelihood of each choice. The choices are the classes; where a question has fewer than another one, the
 * others are impossible.
 *
 *     {"doc": {...}, "target": "2", "arguments": {"gen_args_0": {"arg_0": context, "arg_1": continuation}, ...},
 *      "filtered_resps": [["-12.5", "False"], ...], "resps": [[["-12.5", "False"]], ...], "filter": "none", ...}
 *
 * Source: ConfigurableTask.process_results and EvaluationTracker.save_results_samples of EleutherAI/lm-evaluation-harness.
 */

import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import type { Both } from "./format.ts";
import { lineBlocks } from "./lineBlocks.ts";
import type { OpenOptions } from "./openOptions.ts";
import { tensorsOf } from "./rowStream.ts";
import type { Tensor } from "./tensor.ts";

/** Rows that are handed on together. */
const ROWS_AT_ONCE = 2 ** 14;

/** What is read of a line. */
interface Sample {
  readonly logLikelihoods: readonly number[];
  readonly target: number;
  /** Whether the choice that is the most likely a letter is the right one; undefined where its texts are not logged. */
  readonly isNormalizedRight: boolean | undefined;
  /** As the harness counted it. */
  readonly loggedNormalized: number | undefined;
  readonly filter: unknown;
}

type Fail = (what: string) => never;

const isObject = (it: unknown): it is Record<string, unknown> =>
  typeof it === "object" && it !== null && !Array.isArray(it);
const isTexts = (it: unknown, length: number): it is string[] =>
  Array.isArray(it) && it.length === length && it.every((text) => typeof text === "string");
const shown = (it: unknown) => JSON.stringify(it)?.slice(0, 60) ?? "missing";

/** The pair of a choice: (log-likelihood, whether it is what the model would say), perhaps in a list of one. */
function logLikelihood(it: unknown): number | undefined {
  const pair = Array.isArray(it) && it.length === 1 && Array.isArray(it[0]) ? it[0] : it;
  if (!Array.isArray(pair) || pair.length !== 2) return undefined;
  const [value, isGreedy] = pair;
  if (!/^(true|false|0|1)$/i.test(String(isGreedy))) return undefined;
  const text = String(value).replace(/^(-?)inf(inity)?$/i, "$1Infinity");
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isNaN(number) && !/^nan$/i.test(text) ? undefined : number;
}

/** The continuations that were scored; undefined where they are not logged. */
function continuationsOf({ arguments: given }: Record<string, unknown>, choices: number): string[] | undefined {
  if (!isObject(given) && !Array.isArray(given)) return undefined;
  const all = Object.values(given).map((it) => (isObject(it) ? it.arg_1 : Array.isArray(it) ? it[1] : undefined));
  const texts = all.slice(0, choices);
  return isTexts(texts, choices) ? texts : undefined;
}

/** The texts of choices: as the document has them, where the continuations end so, else the continuations without a space before. */
function choicesOf({ doc }: Record<string, unknown>, continuations: readonly string[]): readonly string[] {
  const members = isObject(doc) ? Object.values(doc) : [];
  const lists = [...members, ...members.flatMap((it) => (isObject(it) ? Object.values(it) : []))];
  const own = lists.find(
    (it): it is string[] => isTexts(it, continuations.length) && it.every((text, i) => continuations[i].endsWith(text)),
  );
  return own ?? continuations.map((text) => text.replace(/^ /, ""));
}

/** The first of the largest; a NaN is larger than anything, as of numpy.argmax. */
function argmax(values: readonly number[]): number {
  const nan = values.findIndex(Number.isNaN);
  return nan >= 0 ? nan : values.indexOf(Math.max(...values));
}

function targetOf(sample: Record<string, unknown>, choices: readonly string[], count: number, fail: Fail): number {
  const { target } = sample;
  const text = String(target).trim();
  if (/^-?\d+$/.test(text)) {
    const index = Number(text);
    if (index < count) return index < 0 ? -100 : index;
    return fail(`target is ${index}, but there are ${count} choices`);
  }
  if (Array.isArray(target) || /^\[.*\]$/.test(text))
    return fail(`target is ${shown(target)}: questions with one right choice are read`);
  const place = choices.findIndex((choice) => choice.trim() === text);
  return place >= 0 ? place : fail(`target is ${shown(target)}, which is none of the choices`);
}

function sampleOf(sample: unknown, fail: Fail): Sample {
  if (!isObject(sample)) return fail("is no JSON object");
  const responses = sample.filtered_resps ?? sample.resps;
  if (!Array.isArray(responses))
    return fail("has neither filtered_resps nor resps, as samples of lm-evaluation-harness have");
  const { arguments: given } = sample;
  // of mutual information the second half is that of the choices alone
  const isDouble =
    isObject(given) &&
    responses.length % 2 === 0 &&
    responses.length >= 4 &&
    Object.values(given)
      .slice(responses.length / 2)
      .every((it) => isObject(it) && it.arg_0 === "");
  const count = isDouble ? responses.length / 2 : responses.length;
  const logLikelihoods = responses.slice(0, count).map((it, i) => {
    return (
      logLikelihood(it) ??
      fail(`has the response ${shown(it)} (${i}), but a pair of a log-likelihood and a boolean is needed`)
    );
  });
  if (count < 2)
    return fail(`has ${count} response${count === 1 ? "" : "s"}: samples of multiple-choice tasks have one a choice`);
  const continuations = continuationsOf(sample, count);
  const choices = continuations ? choicesOf(sample, continuations) : [];
  const target = targetOf(sample, choices, count, fail);
  const lengths = choices.map((text) => [...text].length);
  const areAlike = continuations?.every((it) => it === continuations[0]) ?? true;
  const normalized = areAlike ? undefined : argmax(logLikelihoods.map((it, i) => it / lengths[i])) === target;
  const { acc_norm: logged } = sample;
  return {
    logLikelihoods,
    target,
    isNormalizedRight: normalized,
    loggedNormalized: typeof logged === "number" ? logged : undefined,
    filter: sample.filter,
  };
}

/** The samples of the first filter, in the order of the file. */
async function* samplesOf(source: ByteSource): AsyncGenerator<Sample> {
  const { path } = source;
  let filter: unknown;
  let isFirst = true;
  for await (const { bytes, line } of lineBlocks(source)) {
    const lines = new TextDecoder().decode(bytes).split("\n");
    for (let i = 0; i < lines.length; i++) {
      if (lines[i].trim() === "") continue;
      const fail = (what: string): never => {
        throw new FormatError(`${path}: line ${line + i} ${what}`);
      };
      let value: unknown;
      try {
        value = JSON.parse(lines[i]);
      } catch {
        fail("is no JSON");
      }
      const sample = sampleOf(value, fail);
      if (isFirst) filter = sample.filter;
      isFirst = false;
      if (sample.filter === filter) yield sample;
    }
  }
}

/** Questions one behind the other: 8 bytes a choice, and 8 a question. */
interface Questions {
  readonly logLikelihoods: Float64Array;
  /** How many choices each has. */
  readonly choices: Int32Array;
  readonly targets: Int32Array<ArrayBuffer>;
}

const packed = (samples: readonly Sample[]): Questions => ({
  logLikelihoods: Float64Array.from(samples.flatMap((it) => it.logLikelihoods)),
  choices: Int32Array.from(samples, (it) => it.logLikelihoods.length),
  targets: Int32Array.from(samples, (it) => it.target),
});

/** Rows of so many classes; choices that a question lacks are impossible. */
function rowsOf({ logLikelihoods, choices }: Questions, classes: number): Float64Array<ArrayBuffer> {
  const rows = new Float64Array(choices.length * classes).fill(Number.NEGATIVE_INFINITY);
  let at = 0;
  choices.forEach((n, row) => {
    rows.set(logLikelihoods.subarray(at, at + n), row * classes);
    at += n;
  });
  return rows;
}

/** All samples, of which the numbers are kept: of a line some tens of bytes, of some thousand. */
export async function openBoth(source: ByteSource): Promise<Both> {
  const { path } = source;
  const all: Questions[] = [];
  let waiting: Sample[] = [];
  let rows = 0;
  let classes = 0;
  let counted = 0;
  let right = 0;
  let known = 0;
  let logged = 0;
  let loggedRight = 0;
  for await (const sample of samplesOf(source)) {
    const { logLikelihoods, target, isNormalizedRight, loggedNormalized } = sample;
    rows++;
    classes = Math.max(classes, logLikelihoods.length);
    waiting.push(sample);
    if (waiting.length === ROWS_AT_ONCE) {
      all.push(packed(waiting));
      waiting = [];
    }
    if (target < 0) continue;
    counted++;
    known += Number(isNormalizedRight !== undefined);
    right += Number(isNormalizedRight ?? false);
    logged += Number(loggedNormalized !== undefined);
    loggedRight += loggedNormalized ?? 0;
  }
  if (rows === 0) throw new FormatError(`${path}: no samples`);
  if (waiting.length > 0) all.push(packed(waiting));
  const hasNormalized = counted > 0 && known === counted;
  const differs = hasNormalized && logged === counted && loggedRight !== right;
  const warning = `, but acc_norm in the file is ${loggedRight / counted}, and ${right / counted} of its log-likelihoods`;
  let next = 0;
  const [logits, labels] = tensorsOf({
    path,
    parts: [
      { dtype: "f64", perRow: classes },
      { dtype: "i32", perRow: 1 },
    ],
    rows,
    input: "logits",
    note: `${path}: ${rows} questions, log-likelihoods of ${classes} choices${differs ? warning : ""}`,
    async next() {
      if (next === all.length) return undefined;
      const questions = all[next++];
      return [rowsOf(questions, classes), questions.targets];
    },
    close: () => source.close(),
  });
  return { logits, labels, ...(hasNormalized && { figures: { normalizedAccuracy: right / counted } }) };
}

export async function open(source: ByteSource, { role }: OpenOptions): Promise<Tensor> {
  return (await openBoth(source))[role];
}
