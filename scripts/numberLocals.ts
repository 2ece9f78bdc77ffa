import type { LiveRange } from "./liveRanges.ts";

const [I32, I64, F32, F64, V128] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b];
/** From which number on the locals of each type stand, behind the parameters; those below 128 are one byte. */
const FIRST: readonly (readonly [type: number, first: number])[] = [
  [I32, 16],
  [I64, 50],
  [F32, 54],
  [F64, 70],
  [V128, 92],
];

/** Instructions that are looked up together. */
const RUN = 2;
/** Bytes that deflate looks back. */
const WINDOW = 32000;
/** So many places are tried, from the last one on. */
const TRIED = 300;
/** Matches that are worth fewer bytes are none. */
const SHORTEST = 4;
/** What another number inside of a match costs, and how much worse than its best part a match may become. */
const INTERRUPTION = 2.5;
const HOPELESS = 30;

/** An instruction without its local. */
export interface Step {
  /** The same for the same bytes. */
  key: number;
  bytes: number;
  range: LiveRange | undefined;
}

/** A run of steps that occurred before, but perhaps for some numbers. */
interface Match {
  steps: number;
  /** In bytes, without what interruptions cost. */
  worth: number;
  /** The numbers that ranges must have for it. */
  numbers: readonly (readonly [LiveRange, number])[];
}

const NONE: Match = { steps: 0, worth: 0, numbers: [] };

function overlap(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i] & b[i]) !== 0) return true;
  return false;
}

/** Which numbers the live ranges of one function have. */
class Numbers {
  readonly #numbers = new Map<LiveRange, number>();
  /** Where each number is taken. */
  readonly #taken = new Map<number, Uint32Array>();
  readonly #parameters: readonly number[];

  constructor(parameters: readonly number[], ranges: Iterable<LiveRange>) {
    this.#parameters = parameters;
    for (const range of ranges) if (range.parameter >= 0) this.set(range, range.parameter);
  }

  get(range: LiveRange): number | undefined {
    return this.#numbers.get(range);
  }

  set(range: LiveRange, number: number): void {
    if (this.#numbers.get(range) === number) return;
    if (!this.isFree(range, number)) throw new Error(`numberLocals: ${number} is taken`);
    this.#numbers.set(range, number);
    const taken = this.#taken.get(number);
    if (taken === undefined) this.#taken.set(number, range.points.slice());
    else for (const [i, bits] of range.points.entries()) taken[i] |= bits;
  }

  /** Whether a range may have the number. */
  isFree(range: LiveRange, number: number): boolean {
    const { type, points, isZero } = range;
    if (number < this.#parameters.length) {
      if (this.#parameters[number] !== type || isZero) return false;
    } else if (typeOf(number) !== type) return false;
    const taken = this.#taken.get(number);
    return taken === undefined || !overlap(taken, points);
  }

  /** The lowest that is free. */
  setLowest(range: LiveRange): void {
    let number = Math.max(this.#parameters.length, FIRST.find(([type]) => type === range.type)?.[1] ?? 128);
    while (!this.isFree(range, number)) {
      if (typeOf(++number) !== range.type)
        throw new Error(`numberLocals: more locals of type ${range.type} than have a place`);
    }
    this.set(range, number);
  }
}

function typeOf(number: number): number {
  return FIRST.findLast(([, first]) => number >= first)?.[0] ?? I32;
}

/** So many locals of a type are declared, or a multiple of it, so that more declarations are alike. */
const DECLARED = 8;

/** The declaration of locals behind the parameters up to the largest numbers that are used; what lies between is i32. */
export function declarationOf(parameters: number, numbers: Iterable<number>): [count: number, type: number][] {
  const ends = new Map<number, number>();
  for (const number of numbers) {
    if (number >= parameters) ends.set(typeOf(number), Math.max(ends.get(typeOf(number)) ?? 0, number + 1));
  }
  const declared: [number, number][] = [];
  let next = parameters;
  const declare = (end: number, type: number) => {
    // i32 parameters of other functions may be all that there are
    if (end <= next) return;
    const last = declared.at(-1);
    if (last?.[1] === type) last[0] += end - next;
    else declared.push([end - next, type]);
    next = end;
  };
  for (const [i, [type, first]] of FIRST.entries()) {
    const used = ends.get(type);
    if (used === undefined) continue;
    const rounded = first + DECLARED * Math.ceil((used - first) / DECLARED);
    const end = Math.max(used, Math.min(rounded, FIRST[i + 1]?.[1] ?? rounded));
    if (first > next) declare(Math.min(first, end), I32);
    declare(end, type);
  }
  return declared;
}

/**
 * Numbers the locals of functions, one function after the other, so that deflate finds more: as deflate does, it looks for the longest
 * run of instructions that occurred before, and gives live ranges the numbers that make the bytes the same, where these are free.
 * Halves what the numbers take, which was half of a deflated module.
 */
export class LocalNumbering {
  /** Everything so far. */
  readonly #keys: number[] = [];
  readonly #numbers: number[] = [];
  readonly #offsets: number[] = [];
  /** By run of instructions: where it begins. */
  readonly #runs = new Map<string, number[]>();
  #bytes = 0;

  /** The number of each step's local; -1 where it has none. */
  number(steps: readonly Step[], parameters: readonly number[]): number[] {
    const begin = this.#keys.length;
    const ranges = new Set(steps.flatMap(({ range }) => range ?? []));
    const numbers = new Numbers(parameters, ranges);
    const take = (match: Match) => {
      for (const [range, number] of match.numbers) numbers.set(range, number);
    };
    for (let i = 0; i < steps.length; ) {
      let match = this.#best(steps, i, begin, numbers);
      if (match.worth >= SHORTEST) {
        // as deflate: a longer one from the next instruction on
        const next = this.#best(steps, i + 1, begin, numbers);
        if (next.worth > match.worth + 1) {
          take(next);
          this.#append(steps[i++], numbers);
          match = next;
        } else take(match);
      } else match = NONE;
      const end = i + Math.max(1, match.steps);
      while (i < end) this.#append(steps[i++], numbers);
    }
    return this.#numbers.slice(begin);
  }

  #append({ key, bytes, range }: Step, numbers: Numbers): void {
    if (range !== undefined && numbers.get(range) === undefined) numbers.setLowest(range);
    this.#keys.push(key);
    this.#numbers.push(range === undefined ? -1 : (numbers.get(range) as number));
    this.#offsets.push(this.#bytes);
    this.#bytes += bytes;
    const at = this.#keys.length - RUN;
    const run = this.#keys.slice(-RUN).join();
    const places = this.#runs.get(run);
    if (places === undefined) this.#runs.set(run, [at]);
    else places.push(at);
  }

  #best(steps: readonly Step[], i: number, begin: number, numbers: Numbers): Match {
    let best = NONE;
    const run = steps.slice(i, i + RUN).map(({ key }) => key);
    const places = this.#runs.get(run.join()) ?? [];
    for (let k = places.length - 1; k >= Math.max(0, places.length - TRIED); k--) {
      if (this.#bytes - this.#offsets[places[k]] > WINDOW) break;
      const match = this.#match(steps, i, places[k], begin, numbers);
      if (match.worth > best.worth) best = match;
    }
    return best;
  }

  /** How steps from i on can be what stands at `at`. */
  #match(steps: readonly Step[], i: number, at: number, begin: number, numbers: Numbers): Match {
    const own = new Map<LiveRange, number>();
    let worth = 0;
    const best = { steps: 0, worth: 0, numbers: 0 };
    for (let k = 0; i + k < steps.length && at + k < begin + i; k++) {
      const { key, range, bytes } = steps[i + k];
      if (this.#keys[at + k] !== key) break;
      worth += bytes;
      if (range !== undefined) {
        const number = this.#numbers[at + k];
        const known = numbers.get(range) ?? own.get(range);
        if (known === undefined ? isFreeBeside(range, number, numbers, own) : known === number) own.set(range, number);
        else {
          worth -= bytes - 1 + INTERRUPTION;
          if (k < RUN || worth < best.worth - HOPELESS) break;
          continue;
        }
      }
      if (worth > best.worth) Object.assign(best, { steps: k + 1, worth, numbers: own.size });
    }
    return { ...best, numbers: [...own].slice(0, best.numbers) };
  }
}

/** Whether a range may have the number, also beside what a match has given numbers to. */
function isFreeBeside(
  range: LiveRange,
  number: number,
  numbers: Numbers,
  own: ReadonlyMap<LiveRange, number>,
): boolean {
  if (!numbers.isFree(range, number)) return false;
  for (const [other, its] of own) if (its === number && overlap(range.points, other.points)) return false;
  return true;
}
