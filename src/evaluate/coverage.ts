import type { Reader, Writer } from "./stateBytes.ts";

/** The rows of one source that a state holds. */
export interface Source {
  /** SHA-256 of what the source is known by, in hexadecimal. */
  readonly key: string;
  /** Its name, for people. */
  readonly name: string;
  /** How many rows it has. */
  readonly total: number;
  /** First and last row of each stretch; they rise, and don't touch. */
  readonly rows: readonly (readonly [first: number, last: number])[];
}

/** What a state holds of which source, rising by key; null where that is not known: such states always add up. */
export type Coverage = readonly Source[] | null;

export const KEY_BYTES = 32;
/** Letters of a name, and sources and stretches, at most. */
const MOST = 2 ** 20;

/** Stretches in order, those that touch made one; the first two that overlap, where there are such, to `overlap`. */
function joined(
  stretches: readonly (readonly [number, number])[],
  overlap: (first: number, last: number) => void,
): [number, number][] {
  const all: [number, number][] = [];
  for (const [first, last] of [...stretches].sort(([a], [b]) => a - b)) {
    const before = all.at(-1);
    if (before === undefined || first > before[1] + 1) all.push([first, last]);
    else {
      if (first <= before[1]) overlap(first, Math.min(last, before[1]));
      before[1] = Math.max(before[1], last);
    }
  }
  return all;
}

/** The coverage of both parts; `overlap` is told of rows that both hold. */
export function unionOf(a: Coverage, b: Coverage, overlap: (rows: string) => never): Coverage {
  if (a === null || b === null) return null;
  const sources = new Map(a.map((source) => [source.key, source]));
  for (const source of b) {
    const other = sources.get(source.key);
    const { name, total } = source;
    const tell = (first: number, last: number) => overlap(`rows ${first}..${last} of ${name}`);
    const rows = other ? joined([...other.rows, ...source.rows], tell) : source.rows;
    sources.set(source.key, { key: source.key, name, total, rows });
  }
  return [...sources.values()].sort((x, y) => (x.key < y.key ? -1 : 1));
}

/** As an Evaluation has it. */
export function coverageOf(coverage: readonly Source[]): { source: string; rows: [number, number][] }[] {
  return coverage.map(({ name, rows }) => ({ source: name, rows: rows.map(([first, last]) => [first, last]) }));
}

export function writeCoverage(to: Writer, coverage: readonly Source[]): void {
  to.count(coverage.length);
  for (const { key, name, total, rows } of coverage) {
    for (let i = 0; i < KEY_BYTES; i++) to.byte(Number.parseInt(key.slice(2 * i, 2 * i + 2), 16));
    const letters = new TextEncoder().encode(name);
    to.count(letters.length);
    for (const letter of letters) to.byte(letter);
    to.count(total);
    to.count(rows.length);
    let next = 0;
    for (const [first, last] of rows) {
      to.count(first - next);
      to.count(last - first);
      next = last + 2;
    }
  }
}

/** Reads what writeCoverage wrote; the rows of all sources are to be `held`. */
export function readCoverage(from: Reader, held: number): readonly Source[] {
  const sources: Source[] = [];
  let sum = 0;
  for (let left = from.count("sources", MOST); left > 0; left--) {
    let key = "";
    for (let i = 0; i < KEY_BYTES; i++) key += from.byte().toString(16).padStart(2, "0");
    if (sources.length > 0 && key <= sources[sources.length - 1].key) from.fail("has sources that do not rise");
    const letters = Uint8Array.from({ length: from.count("letters of a name", MOST) }, () => from.byte());
    const total = from.count("rows of a source");
    const rows: [number, number][] = [];
    let next = 0;
    for (let stretches = from.count("stretches of rows", MOST); stretches > 0; stretches--) {
      const first = next + from.count("a row", total);
      const last = first + from.count("a row", total);
      if (last >= total) from.fail(`has row ${last} of a source of ${total} rows`);
      rows.push([first, last]);
      sum += last - first + 1;
      next = last + 2;
    }
    sources.push({ key, name: new TextDecoder().decode(letters), total, rows });
  }
  if (sum !== held) from.fail(`covers ${sum} rows, but holds ${held}`);
  return sources;
}
