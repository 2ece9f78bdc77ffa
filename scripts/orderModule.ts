/**
 * Orders a WebAssembly module so that deflate finds more in it, and changes nothing else: a quarter less. Functions that are alike
 * stand beside each other, as deflate looks back 32 KB, and the module is six times as long; and locals are numbered so that
 * instructions that are alike have the same bytes.
 *
 * Source: WebAssembly specification, binary format of modules.
 */
import { CALL, type Instruction, instructionsOf, type LiveRange, liveRangesOf } from "./liveRanges.ts";
import { declarationOf, LocalNumbering, type Step } from "./numberLocals.ts";

const TYPES = 1;
const FUNCTIONS = 3;
const EXPORTS = 7;
const CODE = 10;
/** Sections that number no function: types, the import of a memory, a memory. */
const OTHERS = [TYPES, 2, 5];

const FUNCTION = 0;

function leb128(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...leb128(n >>> 7)];
}

const joined = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Uint8Array.from(part)));
const withLength = (bytes: Uint8Array) => joined(leb128(bytes.length), bytes);
const listOf = (items: readonly (Uint8Array | readonly number[])[]) => joined(leb128(items.length), ...items);

class Cursor {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  number(): number {
    const byte = this.bytes[this.at++];
    return byte < 128 ? byte : (byte & 127) + 128 * this.number();
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  list<T>(read: (i: number) => T): T[] {
    return Array.from({ length: this.number() }, (_, i) => read(i));
  }
}

/** A function: the types of its parameters and locals, its instructions, and what of its locals they read or write. */
interface Body {
  parameters: readonly number[];
  instructions: readonly Instruction[];
  ranges: readonly (LiveRange | undefined)[];
}

function bodiesOf(module: Uint8Array, code: Cursor, parametersOf: (i: number) => readonly number[]): Body[] {
  const instructions = instructionsOf(module);
  let next = 0;
  return code.list((i) => {
    const length = code.number();
    const end = code.at + length;
    const locals = code.list(() => new Array<number>(code.number()).fill(code.number())).flat();
    code.at = end;
    const first = next;
    while (next < instructions.length && instructions[next].begin < end) next++;
    const own = instructions.slice(first, next);
    const parameters = parametersOf(i);
    return { parameters, instructions: own, ranges: liveRangesOf(own, [...parameters, ...locals], parameters.length) };
  });
}

/** Instructions without their locals, by their bytes. */
class Keys {
  readonly #keys = new Map<string, number>();
  readonly #module: Uint8Array;

  constructor(module: Uint8Array) {
    this.#module = module;
  }

  /** The steps of a function; `called` says which number a function has. */
  stepsOf({ instructions, ranges }: Body, called: (n: number) => number): Step[] {
    return instructions.map((it, i) => {
      const end = it.local < 0 && it.called < 0 ? it.end : it.begin + 1;
      const text = `${Buffer.from(this.#module.subarray(it.begin, end)).toString("hex")} ${called(it.called)}`;
      const key = this.#keys.get(text) ?? this.#keys.size;
      this.#keys.set(text, key);
      return { key, bytes: it.end - it.begin, range: ranges[i] };
    });
  }
}

/** A body with its locals in order. */
function written(
  module: Uint8Array,
  { instructions, parameters }: Body,
  numbers: readonly number[],
  called: (n: number) => number,
): Uint8Array {
  const declared = declarationOf(parameters.length, numbers).map(([count, type]) => [...leb128(count), type]);
  const parts = instructions.map(({ begin, end, code, local, called: its }, i) => {
    if (local >= 0) return [code, ...leb128(numbers[i])];
    return its < 0 ? module.subarray(begin, end) : [CALL, ...leb128(called(its))];
  });
  return joined(listOf(declared), ...parts);
}

/** Runs of four instructions without their locals. */
function runsOf(steps: readonly Step[]): Set<string> {
  const keys = steps.map(({ key }) => key);
  return new Set(keys.slice(3).map((_, i) => keys.slice(i, i + 4).join()));
}

/** From the largest on always the one with the largest share of what occurs in the last 6000 bytes. */
function similarOrder(bodies: readonly (readonly Step[])[]): number[] {
  const runs = bodies.map(runsOf);
  const lengths = bodies.map((steps) => steps.reduce((sum, { bytes }) => sum + bytes, 0));
  const left = new Set(bodies.keys());
  const order: number[] = [];
  let next = lengths.indexOf(Math.max(...lengths));
  for (;;) {
    order.push(next);
    left.delete(next);
    if (left.size === 0) return order;
    const known = new Set<string>();
    for (let i = order.length - 1, bytes = 0; i >= 0 && bytes <= 6000; i--) {
      for (const run of runs[order[i]]) known.add(run);
      bytes += lengths[order[i]];
    }
    let best = -1;
    for (const i of left) {
      let shared = 0;
      for (const run of runs[i]) if (known.has(run)) shared++;
      // without the 400 the shortest come first
      const share = shared / (runs[i].size + 400);
      if (share > best) [best, next] = [share, i];
    }
  }
}

export function orderModule(module: Uint8Array): Uint8Array {
  const sections = new Map<number, { begin: number; bytes: Uint8Array }>();
  const all = new Cursor(module, 8);
  while (all.at < module.length) {
    const id = all.number();
    const length = all.number();
    if (![...OTHERS, FUNCTIONS, EXPORTS, CODE].includes(id)) throw new Error(`orderModule: a section ${id}`);
    sections.set(id, { begin: all.at, bytes: all.take(length) });
  }
  const inside = (id: number) => new Cursor(module, sections.get(id)?.begin ?? Number.NaN);

  const types = inside(TYPES);
  const parameters = types.list(() => {
    types.take(1);
    const [taken] = [types.list(() => types.number()), types.list(() => types.number())];
    return taken;
  });
  const functions = inside(FUNCTIONS);
  const typeOf = functions.list(() => functions.number());
  const bodies = bodiesOf(module, inside(CODE), (i) => parameters[typeOf[i]]);
  const keys = new Keys(module);
  const order = similarOrder(bodies.map((body) => keys.stepsOf(body, (n) => n)));
  const numbers = new Map(order.map((old, i) => [old, i]));
  const numberOf = (old: number) => numbers.get(old) ?? -1;
  const numbering = new LocalNumbering();
  const bodyOf = (body: Body) =>
    written(module, body, numbering.number(keys.stepsOf(body, numberOf), body.parameters), numberOf);
  const exported = inside(EXPORTS);
  const again: Record<number, Uint8Array> = {
    [FUNCTIONS]: listOf(order.map((i) => leb128(typeOf[i]))),
    [EXPORTS]: listOf(
      exported.list(() => {
        const name = exported.take(exported.number());
        const kind = exported.number();
        if (kind !== FUNCTION) throw new Error(`orderModule: an export of kind ${kind}`);
        return joined(withLength(name), [kind], leb128(numberOf(exported.number())));
      }),
    ),
    [CODE]: listOf(order.map((i) => withLength(bodyOf(bodies[i])))),
  };
  const ordered = [...sections].map(([id, { bytes }]) => joined([id], withLength(again[id] ?? bytes)));
  return joined(module.subarray(0, 8), ...ordered);
}
