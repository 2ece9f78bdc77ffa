// Writes a module down so that deflate finds what repeats: 22 KB of it become 12. src/backends/unpack.ts reads it.
//
// In a function's bytes, operations that repeat are torn apart by the numbers of locals, which do not. So there is one
// stream of operations, a byte each, and one for each kind of number. A local is told by how many others were used since
// it was: 1 for the last one, 0 for one that was not used before.

/** What follows the bytes of an operation; the order is the decoder's. */
const NOTHING = 0;
const LOCAL = 1;
const OFFSET = 2;
const INTEGER = 3;
const CALL = 4;
/** The `end` of a function. */
const END = 5;

const CODE_SECTION = 10;

interface Operation {
  /** All of it but the number that follows. */
  readonly bytes: readonly number[];
  readonly follows: number;
  /** The number: of a local, or as it is encoded. */
  readonly local?: number;
  readonly number?: readonly number[];
}

interface Function {
  readonly parameters: number;
  /** Types of the locals behind the parameters. */
  readonly types: readonly number[];
  readonly operations: readonly Operation[];
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  take(count: number): number[] {
    this.at += count;
    return [...this.bytes.subarray(this.at - count, this.at)];
  }

  byte(): number {
    return this.bytes[this.at++];
  }

  /** An LEB128 number as it stands. */
  leb(): number[] {
    const begin = this.at;
    while (this.byte() >= 128);
    return [...this.bytes.subarray(begin, this.at)];
  }

  unsigned(): number {
    return this.leb().reduceRight((value, byte) => value * 128 + (byte & 127), 0);
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...leb(Math.floor(value / 128))];
}

function operationAt(reader: Reader): Operation {
  const begin = reader.at;
  const rest = (follows = NOTHING): Operation => ({ bytes: [...reader.bytes.subarray(begin, reader.at)], follows });
  const withNumber = (follows: number): Operation => ({ ...rest(follows), number: reader.leb() });
  const code = reader.byte();
  if (code >= 0x20 && code <= 0x22) return { ...rest(LOCAL), local: reader.unsigned() };
  if (code === 0x10) return withNumber(CALL);
  if (code === 0x41 || code === 0x42) return withNumber(INTEGER);
  if (code >= 0x28 && code <= 0x3e) {
    reader.leb(); // the alignment
    return withNumber(OFFSET);
  }
  if (code === 0xfd) {
    const vector = reader.unsigned();
    if (vector <= 11 || vector === 92 || vector === 93) {
      reader.leb();
      return withNumber(OFFSET);
    }
    if (vector === 12 || vector === 13) reader.take(16);
    else if (vector >= 21 && vector <= 34) reader.take(1);
    else if (vector >= 84 && vector <= 91) {
      reader.leb();
      reader.leb();
      reader.take(1);
    }
    return rest();
  }
  if (code === 0xfc) {
    const bulk = reader.unsigned();
    if (bulk === 10) reader.take(2);
    else if (bulk === 11) reader.take(1);
    else if (bulk > 7) throw new Error(`packModule: operation 0xfc ${bulk} is not known`);
    return rest();
  }
  if (code >= 0x02 && code <= 0x04) reader.take(1);
  else if (code === 0x0c || code === 0x0d) reader.leb();
  else if (code === 0x0e) for (let labels = reader.unsigned() + 1; labels > 0; labels--) reader.leb();
  else if (code === 0x1c) reader.take(2);
  else if (code === 0x43) reader.take(4);
  else if (code === 0x44) reader.take(8);
  else if (![0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].includes(code) && !(code >= 0x45 && code <= 0xc4)) {
    throw new Error(`packModule: operation 0x${code.toString(16)} is not known`);
  }
  return rest();
}

/** A function with its locals numbered in the order in which they are used first. */
function functionAt(reader: Reader, parameters: number): Function {
  const end = reader.unsigned() + reader.at;
  const declared: number[] = [];
  for (let runs = reader.unsigned(); runs > 0; runs--) {
    const length = reader.unsigned();
    declared.push(...Array<number>(length).fill(reader.byte()));
  }
  const numbers = new Map<number, number>(Array.from({ length: parameters }, (_, i) => [i, i]));
  const types: number[] = [];
  const operations: Operation[] = [];
  while (reader.at < end) {
    const operation = operationAt(reader);
    const { local } = operation;
    if (local !== undefined && !numbers.has(local)) {
      numbers.set(local, numbers.size);
      types.push(declared[local - parameters]);
    }
    operations.push(local === undefined ? operation : { ...operation, local: numbers.get(local) });
  }
  operations[operations.length - 1] = { bytes: [0x0b], follows: END };
  return { parameters, types, operations };
}

/** A module in parts: what stands before the functions, the functions, and what stands behind them. */
interface Module {
  readonly before: readonly number[];
  readonly functions: readonly Function[];
  readonly after: readonly number[];
}

/** Sections: types are 1, imports 2, functions 3, code 10. */
function moduleOf(bytes: Uint8Array): Module {
  const reader = new Reader(bytes, 8);
  let parametersOfType: number[] = [];
  let typesOfFunctions: number[] = [];
  for (;;) {
    const begin = reader.at;
    const section = reader.byte();
    const end = reader.unsigned() + reader.at;
    if (section === 1) {
      parametersOfType = Array.from({ length: reader.unsigned() }, () => {
        reader.byte();
        const parameters = reader.take(reader.unsigned()).length;
        reader.take(reader.unsigned());
        return parameters;
      });
    } else if (section === 3) {
      typesOfFunctions = Array.from({ length: reader.unsigned() }, () => reader.unsigned());
    } else if (section === CODE_SECTION) {
      reader.unsigned();
      const functions = typesOfFunctions.map((type) => functionAt(reader, parametersOfType[type]));
      return { before: [...bytes.subarray(0, begin)], functions, after: [...bytes.subarray(end)] };
    }
    reader.at = end;
  }
}

/** Locals' types as the binary format has them: runs of equal ones. */
function runsOf(types: readonly number[]): number[] {
  const runs: [number, number][] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return [...leb(runs.length), ...runs.flatMap(([length, type]) => [...leb(length), type])];
}

function bodyOf({ types, operations }: Function): number[] {
  const body = runsOf(types);
  for (const { bytes, local, number = [] } of operations) {
    body.push(...bytes, ...(local === undefined ? number : leb(local)));
  }
  return [...leb(body.length), ...body];
}

/** The module with its locals in the order of their first use, and the streams of it: the same module. */
export function packModule(bytes: Uint8Array): { module: Uint8Array; packed: Uint8Array } {
  const module = moduleOf(bytes);
  const kinds = new Map<string, number>();
  const table: number[] = [];
  const streams: Record<number, number[]> = { [OFFSET]: [], [INTEGER]: [], [CALL]: [] };
  const parameters: number[] = [];
  const types: number[] = [];
  const operations: number[] = [];
  const locals: number[] = [];
  for (const f of module.functions) {
    parameters.push(f.parameters);
    types.push(...f.types);
    const recent = Array.from({ length: f.parameters }, (_, i) => i);
    for (const { bytes, follows, local, number } of f.operations) {
      const kind = `${follows} ${bytes}`;
      if (!kinds.has(kind)) {
        kinds.set(kind, kinds.size);
        table.push(follows, bytes.length, ...bytes);
      }
      operations.push(kinds.get(kind)!);
      if (number) streams[follows].push(...number);
      if (local === undefined) continue;
      const rank = recent.indexOf(local);
      locals.push(rank + 1);
      if (rank >= 0) recent.splice(rank, 1);
      recent.unshift(local);
    }
  }
  if (kinds.size > 256 || Math.max(...locals) > 255) throw new Error("packModule: more than a byte tells apart");
  const code = module.functions.flatMap(bodyOf);
  const count = leb(module.functions.length);
  const head = [...module.before, CODE_SECTION, ...leb(count.length + code.length), ...count];
  const written = Uint8Array.from([...head, ...code, ...module.after]);
  const { [OFFSET]: offsets, [INTEGER]: integers, [CALL]: calls } = streams;
  const all = [head, table, parameters, types, operations, locals, offsets, integers, calls, module.after];
  const packed = all.flatMap((stream) => leb(stream.length)).concat(...all);
  return { module: written, packed: Uint8Array.from(packed) };
}
