/**
 * Puts functions of a WebAssembly module that are alike beside each other, and changes nothing else: deflate looks back 32 KB, and
 * the module is six times as long (5 % less, deflated).
 *
 * Source: WebAssembly specification, binary format of modules.
 */
import { BinaryReader } from "wasmparser";

const IMPORTS = 2;
const FUNCTIONS = 3;
const EXPORTS = 7;
const CODE = 10;
/** Sections that don't number functions: types, imports of a memory, memory. */
const OTHERS = [1, IMPORTS, 5];

const FUNCTION = 0;
/** The state of wasmparser's reader behind an instruction, and the instruction that calls a function by its number. */
const CODE_OPERATOR = 30;
const CALL = 0x10;

function leb128(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...leb128(n >>> 7)];
}

class Reader {
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
}

interface Call {
  /** Where its function's number begins and ends in the module. */
  begin: number;
  end: number;
  called: number;
}

function callsOf(module: Uint8Array): Call[] {
  const reader = new BinaryReader();
  reader.setData(module.slice().buffer, 0, module.length);
  const calls: Call[] = [];
  for (let begin = 0; reader.read(); begin = reader.position) {
    const operator = reader.result as { code: number; funcIndex: number } | null;
    if ((reader.state as number) !== CODE_OPERATOR || operator?.code !== CALL) continue;
    calls.push({ begin: begin + 1, end: reader.position, called: operator.funcIndex });
  }
  return calls;
}

/** Runs of four bytes, as numbers. */
function runsOf(body: Uint8Array): Set<number> {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return new Set(Array.from({ length: Math.max(0, body.length - 3) }, (_, i) => view.getInt32(i)));
}

/** From the largest on always the one with the largest share of what occurs in the last 3000 bytes. */
function similarOrder(bodies: readonly Uint8Array[]): number[] {
  const runs = bodies.map(runsOf);
  const left = new Set(bodies.keys());
  const largest = (of: (i: number) => number) => Array.from(left).reduce((a, b) => (of(b) > of(a) ? b : a));
  const order: number[] = [];
  for (let next = largest((i) => bodies[i].length); ; ) {
    order.push(next);
    left.delete(next);
    if (left.size === 0) return order;
    const known = new Set<number>();
    for (let i = order.length - 1, bytes = 0; i >= 0 && bytes <= 3000; i--) {
      for (const run of runs[order[i]]) known.add(run);
      bytes += bodies[order[i]].length;
    }
    const shares = new Map(
      Array.from(left, (i) => {
        let shared = 0;
        for (const run of runs[i]) if (known.has(run)) shared++;
        // without the 200 the shortest come first
        return [i, shared / (runs[i].size + 200)];
      }),
    );
    next = largest((i) => shares.get(i) as number);
  }
}

export function orderFunctions(module: Uint8Array): Uint8Array {
  const sections = new Map<number, { begin: number; bytes: Uint8Array }>();
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const id = reader.number();
    const length = reader.number();
    if (![...OTHERS, FUNCTIONS, EXPORTS, CODE].includes(id)) throw new Error(`orderFunctions: a section ${id}`);
    sections.set(id, { begin: reader.at, bytes: reader.take(length) });
  }
  const inside = (id: number) => new Reader(module, sections.get(id)?.begin ?? Number.NaN);
  const listOf = <T>(id: number, read: (reader: Reader) => T): T[] => {
    const list = inside(id);
    return Array.from({ length: list.number() }, () => read(list));
  };
  const types = listOf(FUNCTIONS, (it) => it.number());
  const code = listOf(CODE, (it) => {
    const length = it.number();
    return { begin: it.at, body: it.take(length) };
  });
  const order = similarOrder(code.map(({ body }) => body));
  /** A function's new number. */
  const numbers = new Map(order.map((old, i) => [old, i]));
  const numberOf = (old: number) => leb128(numbers.get(old) as number);

  const calls = callsOf(module);
  const bodyOf = (i: number) => {
    const { begin, body } = code[i];
    const end = begin + body.length;
    const parts: Uint8Array[] = [];
    let at = begin;
    for (const call of calls.filter((it) => it.begin >= begin && it.begin < end)) {
      parts.push(module.subarray(at, call.begin), Uint8Array.from(numberOf(call.called)));
      at = call.end;
    }
    const all = Buffer.concat([...parts, module.subarray(at, end)]);
    return Buffer.concat([Uint8Array.from(leb128(all.length)), all]);
  };
  const exportsAgain = listOf(EXPORTS, (it) => {
    const begin = it.at;
    it.take(it.number());
    const kind = it.number();
    if (kind !== FUNCTION) throw new Error(`orderFunctions: an export of kind ${kind}`);
    const name = module.subarray(begin, it.at);
    return Buffer.concat([name, Uint8Array.from(numberOf(it.number()))]);
  });
  const listAgain = (list: readonly Uint8Array[]) => Buffer.concat([Uint8Array.from(leb128(list.length)), ...list]);
  const again: Record<number, Uint8Array> = {
    [FUNCTIONS]: listAgain(order.map((i) => Uint8Array.from(leb128(types[i])))),
    [EXPORTS]: listAgain(exportsAgain),
    [CODE]: listAgain(order.map(bodyOf)),
  };
  const written = [...sections].flatMap(([id, { bytes }]) => {
    const content = again[id] ?? bytes;
    return [Uint8Array.from([id, ...leb128(content.length)]), content];
  });
  return Buffer.concat([module.subarray(0, 8), ...written]);
}
