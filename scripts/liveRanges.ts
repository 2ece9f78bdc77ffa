import { BinaryReader } from "wasmparser";

/** The state of wasmparser's reader behind an instruction. */
const CODE_OPERATOR = 30;
const [BLOCK, LOOP, IF, ELSE, END] = [2, 3, 4, 5, 11];
const [UNREACHABLE, BR, BR_IF, BR_TABLE, RETURN] = [0, 12, 13, 14, 15];
export const CALL = 0x10;
const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;

/** An instruction, from `begin` to `end` in the module. */
export interface Instruction {
  begin: number;
  end: number;
  code: number;
  /** The local that it reads or writes, and the function that it calls; else -1. */
  local: number;
  called: number;
  /** How many blocks outwards it may jump to. */
  depths: readonly number[];
}

/** The instructions of all functions. */
export function instructionsOf(module: Uint8Array): Instruction[] {
  const reader = new BinaryReader();
  reader.setData(module.slice().buffer, 0, module.length);
  const instructions: Instruction[] = [];
  for (let begin = 0; reader.read(); begin = reader.position) {
    if ((reader.state as number) !== CODE_OPERATOR) continue;
    const { code, funcIndex, localIndex, brDepth, brTable } = reader.result as {
      code: number;
      funcIndex?: number;
      localIndex?: number;
      brDepth?: number;
      brTable?: readonly number[];
    };
    instructions.push({
      begin,
      end: reader.position,
      code,
      local: code >= LOCAL_GET && code <= LOCAL_TEE ? (localIndex as number) : -1,
      called: code === CALL ? (funcIndex as number) : -1,
      depths: brTable ?? (brDepth === undefined ? [] : [brDepth]),
    });
  }
  return instructions;
}

/** Which instructions of a function may follow each of them. */
function followersOf(instructions: readonly Instruction[]): number[][] {
  const last = instructions.length - 1;
  const elses = new Map<number, number>();
  const ends = new Map<number, number>();
  const opened: number[] = [];
  instructions.forEach(({ code }, i) => {
    if (code === BLOCK || code === LOOP || code === IF) opened.push(i);
    else if (code === ELSE) elses.set(opened[opened.length - 1], i);
    else if (code === END && i < last) {
      const begin = opened.pop() as number;
      ends.set(begin, i);
      ends.set(elses.get(begin) ?? begin, i);
    }
  });

  const around: number[] = [];
  const target = (depth: number) => {
    const begin = around[around.length - 1 - depth];
    if (begin === undefined) return last;
    return instructions[begin].code === LOOP ? begin : (ends.get(begin) as number);
  };
  return instructions.map(({ code, depths }, i) => {
    if (code === BLOCK || code === LOOP || code === IF) around.push(i);
    if (code === END) around.pop();
    if (code === IF) return [i + 1, elses.has(i) ? (elses.get(i) as number) + 1 : (ends.get(i) as number)];
    if (code === ELSE) return [ends.get(i) as number];
    if (code === BR || code === BR_TABLE) return depths.map(target);
    if (code === BR_IF) return [...depths.map(target), i + 1];
    return code === RETURN || code === UNREACHABLE || i === last ? [] : [i + 1];
  });
}

/** For each instruction a bit a local: whether what it holds before the instruction is read later. */
function liveBefore(
  instructions: readonly Instruction[],
  followers: readonly number[][],
  words: number,
): Uint32Array[] {
  const live = instructions.map(() => new Uint32Array(words));
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = instructions.length - 1; i >= 0; i--) {
      const { code, local } = instructions[i];
      for (let word = 0; word < words; word++) {
        let bits = followers[i].reduce((all, next) => all | live[next][word], 0);
        if (local >>> 5 === word) bits = code === LOCAL_GET ? bits | (1 << (local & 31)) : bits & ~(1 << (local & 31));
        if (live[i][word] === bits >>> 0) continue;
        live[i][word] = bits;
        changed = true;
      }
    }
  }
  return live;
}

/** What is written to a local at one place or several, up to where it is read last: what needs one number. */
export interface LiveRange {
  type: number;
  /** A bit an instruction: whether it is kept before that one. */
  points: Uint32Array;
  /** The parameter that it is; -1 where it is none. */
  parameter: number;
  /** Whether it begins as the 0 of a local that nothing was written to. */
  isZero: boolean;
}

/** The live ranges that a function's instructions read or write; undefined for those that do neither. `types` are those of all locals. */
export function liveRangesOf(
  instructions: readonly Instruction[],
  types: readonly number[],
  parameters: number,
): (LiveRange | undefined)[] {
  const { length } = instructions;
  const locals = types.length;
  const followers = followersOf(instructions);
  const live = liveBefore(instructions, followers, (locals + 31) >>> 5);
  const isLive = (i: number, local: number) => ((live[i][local >>> 5] >>> (local & 31)) & 1) === 1;

  // values before an instruction, a place a local, and behind them what each instruction writes: united where one becomes the other
  const parents = Int32Array.from({ length: (length + 1) * Math.max(1, locals) + length }, (_, i) => i);
  const written = (i: number) => length * locals + i;
  const find = (value: number) => {
    let at = value;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  };
  instructions.forEach(({ code, local: its }, i) => {
    for (const next of followers[i]) {
      for (let local = 0; local < locals; local++) {
        if (!isLive(next, local)) continue;
        const before = its === local && code !== LOCAL_GET ? written(i) : i * locals + local;
        parents[find(before)] = find(next * locals + local);
      }
    }
  });

  const ranges = new Map<number, LiveRange>();
  const rangeOf = (value: number, local: number): LiveRange => {
    const root = find(value);
    const known = ranges.get(root);
    if (known !== undefined) return known;
    const points = new Uint32Array((length + 32) >>> 5);
    const range = { type: types[local], points, parameter: -1, isZero: false };
    ranges.set(root, range);
    return range;
  };
  const keep = ({ points }: LiveRange, i: number) => {
    points[i >>> 5] |= 1 << (i & 31);
  };
  for (let local = 0; local < locals; local++) {
    if (!isLive(0, local)) continue;
    if (local < parameters) rangeOf(local, local).parameter = local;
    else rangeOf(local, local).isZero = true;
  }
  return instructions.map(({ code, local: its }, i) => {
    for (let local = 0; local < locals; local++) if (isLive(i, local)) keep(rangeOf(i * locals + local, local), i);
    if (its < 0) return undefined;
    if (code === LOCAL_GET) return rangeOf(i * locals + its, its);
    const range = rangeOf(written(i), its);
    // even where it is never read
    keep(range, i + 1);
    return range;
  });
}
