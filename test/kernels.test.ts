import { afterAll, describe, expect, test } from "vitest";
import type { Arguments, Backend } from "../src/backends/backend.ts";
import { openJs } from "../src/backends/js/openJs.ts";
import { openWasm } from "../src/backends/openWasm.ts";
import { TABLE } from "../src/descriptions/addresses.ts";
import { countersOf, PRODUCTS, SUM_BINS, SUMS } from "../src/descriptions/counters.ts";
import type { Description, Kernel, Parameter } from "../src/descriptions/kernel.ts";
import { KERNELS } from "../src/descriptions/list.ts";
import { BLOCK_ELEMENTS } from "../src/descriptions/thresholds.ts";
import { type ArrayType, type Dtype, floatArray, type NumericArray } from "../src/dtype.ts";
import * as kernels from "../src/generated/kernels.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import { SHARE_ALL } from "./backends.ts";
import { everything } from "./breadth.ts";
import { PATTERN, repeated } from "./engines/pattern.ts";
import { expectSame, integer, mulberry32, normal, type Random } from "./inputs.ts";
import { exactSum } from "./oracle.ts";

// Every kernel of the list on every backend, called with what its description says and nothing else: order, roles and
// lengths of its parameters are the same to the WebAssembly function and to the JavaScript loop, or the bits are not.

const ARENA = 2 ** 24;
const opened = await Promise.all(
  [1, 3].map(async (threads) =>
    openWasm({ threads, arenaBytes: ARENA, wasm: await inlinedModule(), tuning: SHARE_ALL }),
  ),
);
afterAll(() => {
  for (const { pool } of opened) pool?.close();
});
const js = openJs(ARENA);
const wasm: [string, Backend][] = opened.map(({ backend }, i) => [`wasm, ${i === 0 ? 1 : 3} threads`, backend]);

/** The kernels as the build writes them for calls. */
const CALLS = new Map<string, Kernel>(Object.entries(kernels));

/** What the descriptions leave open: the numbers of a call, and the lengths of arrays that are as long as they are. */
const CLASSES = 7;
const ENTRIES = 2;
const RANKS = 3;
const BINS = 4;
const NUMBERS: Readonly<Record<string, number>> = {
  classes: CLASSES,
  entries: ENTRIES,
  ignoreIndex: -1,
  labelSmoothing: 0.125,
  weightSum: 3.5,
  logarithms: 0,
  input: 0,
  targetInput: 1,
  measure: 2,
  scale: 0.3,
  ranks: RANKS,
  bins: BINS,
  nesterov: 1,
  powerOfTwo: 0.25,
  weighted: 1,
};
const LENGTHS: Readonly<Record<string, number>> = {
  weights: CLASSES,
  sums: (SUMS.length + PRODUCTS.length) * SUM_BINS,
  counters: countersOf(RANKS, BINS).length,
  bins: SUM_BINS,
};
/** An option of a loss. */
const OPTION = 0.7;

const isArray = ({ role }: Parameter) => ["in", "out", "inout", "partials"].includes(role);
/** Read and written in place, not added to. */
const isUpdated = ({ role, per }: Parameter) => role === "inout" && per !== "call";
/** Whether there is what it adds to. */
const addsUp = ({ parameters }: Description) => parameters.some((it) => it.role === "inout" && !isUpdated(it));
const isWritten = ({ role }: Parameter) => ["out", "inout", "partials"].includes(role);

function lengthOf({ name, per, values = 1 }: Parameter, units: number, elements: number): number {
  if (per === "call") return LENGTHS[name];
  if (per === "block") return elements;
  return units * (per === "classes" ? CLASSES : per === "entries" ? ENTRIES : values);
}

function arrayOf({ type }: Parameter, dtype: Dtype, length: number): NumericArray | Uint16Array {
  if (type === "i32") return new Int32Array(length);
  if (type === "u16") return new Uint16Array(length);
  return floatArray(type === "float" ? dtype : (type as Dtype), length);
}

/** Records of rows, as the kernel that makes them does. */
function records(random: Random, rows: number): Float64Array {
  const logits = Float64Array.from({ length: rows * CLASSES }, () => 3 * normal(random));
  const labels = Int32Array.from({ length: rows }, () => integer(random, CLASSES));
  const evaluate = KERNELS.find(({ name }) => name === "evaluate")!;
  const out = new Float64Array(8 * rows);
  run(js, evaluate, "f64", rows, 0, { logits, labels, weights: null, rows: out, ...NUMBERS });
  return out;
}

function fill(random: Random, { name, type, values }: Parameter, array: NumericArray | Uint16Array): void {
  const numbers = array as Float64Array;
  if (name === "rows") numbers.set(records(random, array.length / values!));
  else {
    // a few are drawn, and repeated
    const drawn = Math.min(PATTERN, numbers.length);
    for (let i = 0; i < drawn; i++) {
      if (type === "i32") numbers[i] = integer(random, CLASSES + 1) - 1;
      else if (type === "u16") numbers[i] = integer(random, 65536);
      // shares and weights, and what is a probability
      else if (/^(input|weights|targets|shares|sampleWeight|secondMoments)$/.test(name)) numbers[i] = 0.01 + random();
      // one of a hundred is small: kernels that leave out what is small beside the largest do that
      else numbers[i] = 2 * normal(random) * (i % 101 === 100 ? 2 ** -16 : 1);
    }
    numbers.set(repeated(numbers.slice(0, drawn), numbers.length));
  }
}

/** The arguments of a call, by its description: random where it reads, 0 where it adds up, 7 where it only writes. */
function argumentsOf(kernel: Description, dtype: Dtype, units: number, elements: number, random: Random) {
  const args: Record<string, NumericArray | Uint16Array | number> = {};
  for (const parameter of kernel.parameters) {
    const { name, role } = parameter;
    if (role === "scalar") args[name] = NUMBERS[name] ?? OPTION;
    if (!isArray(parameter)) continue;
    const array = arrayOf(parameter, dtype, lengthOf(parameter, units, elements));
    if (role === "in" || isUpdated(parameter)) fill(random, parameter, array);
    else if (role !== "inout") (array as Float32Array).fill(7);
    args[name] = array;
  }
  return args;
}

function run(
  backend: Backend,
  { name }: Description,
  dtype: Dtype,
  units: number,
  elements: number,
  args: Arguments,
): void {
  backend.run(CALLS.get(name) as Kernel<Arguments>, dtype, units, args, elements);
}

type Values = Record<string, NumericArray | Uint16Array | number>;

const copied = (args: Values): Values =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, value instanceof Object ? value.slice() : value]),
  );

/** The same arguments with copies of the arrays that the kernel writes. */
function withOwnOutputs({ parameters }: Description, args: Values): Values {
  const names = parameters.filter(isWritten).map(({ name }) => name);
  return { ...args, ...copied(Object.fromEntries(Object.entries(args).filter(([name]) => names.includes(name)))) };
}

/** The same arrays in a backend's own memory, an element past a line where that may be. */
function placed(backend: Backend, args: Values): { there: Values; free(): void } {
  const views: NumericArray[] = [];
  const place = (value: NumericArray) => {
    const view = backend.arena.alloc(value.constructor as ArrayType, value.length + 1);
    views.push(view);
    const shifted = view.subarray(1);
    shifted.set(value as never);
    return shifted;
  };
  const there = Object.entries(args).map(([name, value]) =>
    typeof value === "number" || value instanceof Uint16Array ? [name, value] : [name, place(value)],
  );
  return {
    there: Object.fromEntries(there),
    free() {
      for (const view of views) backend.arena.free(view);
    },
  };
}

/** Of an exact sum the bins differ between backends, what they add up to does not; a report is two numbers a launch. */
function resultOf(parameter: Parameter, value: NumericArray): ArrayLike<number> {
  const { name, role } = parameter;
  if (name === "report") return (value as Float64Array).subarray(0, 2);
  // behind a block's sum the first element that was refused, counted from the launch's first one
  if (name === "sums" && parameter.values === 2) {
    return (value as Float64Array).map((x, i) => (i % 2 === 1 && x >= 0 ? x % BLOCK_ELEMENTS : x));
  }
  if (role !== "inout" || name === "counters" || isUpdated(parameter)) return value as Float64Array;
  return Array.from({ length: value.length / SUM_BINS }, (_, i) =>
    exactSum((value as Float64Array).subarray(i * SUM_BINS, (i + 1) * SUM_BINS)),
  );
}

function expectSameResults(kernel: Description, got: Values, wanted: Values, where: string): void {
  for (const parameter of kernel.parameters.filter(isWritten)) {
    const { name } = parameter;
    if (!(name in wanted)) continue;
    const [a, b] = [got, wanted].map((values) => resultOf(parameter, values[name] as NumericArray));
    expectSame(a, b, `${where}: ${name}`);
  }
}

/** What the memory below the arena was. */
const kept = Buffer.alloc(2 ** 23);

/** All arrays there; then each optional one absent; then all of them. */
function absences({ parameters }: Description): string[][] {
  const optional = parameters.filter(({ optional }) => optional).map(({ name }) => name);
  return [[], ...optional.map((name) => [name]), optional].filter(
    (names, i, all) => all.findIndex((other) => other.join() === names.join()) === i,
  );
}

/** Staged arrays take several launches: 512 KiB each. */
const [BLOCKS, ROWS] = everything ? [150, 20_003] : [80, 12_003];
const SIZES = {
  // units, and elements with those of the last block
  block: [
    [1, 5],
    [1, 1024],
    [3, 2500],
    [BLOCKS, BLOCKS * 1024 - 700],
  ],
  row: [
    [1, 0],
    [5, 0],
    [133, 0],
    [ROWS, 0],
  ],
};

describe.each(KERNELS.map((kernel) => [kernel.name, kernel] as const))("%s", (_, kernel) => {
  test.each(kernel.dtypes ?? (["f64"] as const))("%s: every backend has the bits of the loop", (dtype) => {
    const random = mulberry32(kernel.parameters.length);
    const adds = addsUp(kernel);
    for (const [units, elements] of SIZES[kernel.unit]) {
      // what is added to is added to; of other kernels a second call is like the first one, and takes its time where it is long
      const calls = adds || units < 100 ? 2 : 1;
      if (kernel.name === "checkLabels" && (units < 2 || units > 8192)) continue;
      const given = argumentsOf(kernel, dtype, units, elements, random);
      // of long arrays, which take their time, all are there; where everything runs, or none that may be absent
      const tried = absences(kernel).filter(
        (_, i, all) => units < 100 || i === 0 || (everything && i === all.length - 1),
      );
      const inputs = copied(given);
      for (const absent of tried) {
        const args = { ...inputs };
        for (const name of absent) delete args[name];
        const wanted = withOwnOutputs(kernel, args);
        for (let i = 0; i < calls; i++) run(js, kernel, dtype, units, elements, wanted);
        for (const [name, backend] of wasm) {
          const where = `${name}, ${units} units, without ${absent}`;
          const own = withOwnOutputs(kernel, args);
          for (let i = 0; i < calls; i++) run(backend, kernel, dtype, units, elements, own);
          expectSameResults(kernel, own, wanted, `${where}, staged`);
          for (const { role, name } of kernel.parameters) {
            if (role === "in" && name in own) expectSame(numbersOf(own[name]), numbersOf(given[name]), name);
          }
          // on one thread what lies in the memory is one launch, however long
          if (!everything && units > 100 && backend === wasm[0][1]) continue;
          const { there, free } = placed(backend, args);
          for (let i = 0; i < calls; i++) run(backend, kernel, dtype, units, elements, there);
          expectSameResults(kernel, there, wanted, `${where}, resident`);
          free();
        }
      }
    }
  });

  const needed = kernel.parameters.filter((parameter) => isArray(parameter) && !parameter.optional);

  test.each(needed.map(({ name }) => name))("without %s it throws, and nothing is written", (name) => {
    const units = 2;
    const elements = 2 * BLOCK_ELEMENTS;
    for (const [, backend] of [["js", js] as const, ...wasm]) {
      const { there, free } = placed(backend, argumentsOf(kernel, "f64", units, elements, mulberry32(1)));
      for (const absent of [null, undefined]) {
        const args = { ...there, [name]: absent };
        const before = copied(there);
        if (backend !== js) kept.set(below(backend));
        expect(() => run(backend, kernel, "f64", units, elements, args)).toThrow(
          new TypeError(`${kernel.name}: ${name} is missing`),
        );
        for (const each of Object.keys(before)) expectSame(numbersOf(there[each]), numbersOf(before[each]), each);
        if (backend !== js) expect(Buffer.compare(below(backend), kept.subarray(0, below(backend).length))).toBe(0);
      }
      free();
    }
  });

  test("what adds to an array is not shared out", () => {
    if (addsUp(kernel)) expect(kernel.splits).toBe(false);
  });
});

const numbersOf = (value: NumericArray | Uint16Array | number | null) =>
  (typeof value === "number" || value === null ? [value] : value) as ArrayLike<number>;

/** The memory below the arena but for control words, to which workers write as they go to sleep: constants, scratch, windows. */
function below(backend: Backend): Buffer {
  const view = backend.arena.alloc(Float64Array as ArrayType, 1);
  backend.arena.free(view);
  return Buffer.from(view.buffer, TABLE, view.byteOffset - TABLE);
}

// ------------------------------------------------------------------------------------------------------------ sums

const kernelOf = (name: string) => KERNELS.find((kernel) => kernel.name === name)!;

describe.each(wasm)("bins of ordinary arrays, over several launches, %s", (_, backend) => {
  const random = mulberry32(3);

  test("addExactly", () => {
    const n = everything ? 200_003 : 70_003;
    const values = Float64Array.from({ length: n }, () => normal(random) * 2 ** integer(random, 60));
    const bins = new Float64Array(SUM_BINS);
    run(backend, kernelOf("addExactly"), "f64", n, 0, { values, bins });
    expect(exactSum(bins)).toBe(exactSum(values));
    run(backend, kernelOf("addExactly"), "f64", n, 0, { values: values.map((x) => -x), bins });
    expect(exactSum(bins)).toBe(0);
  });

  test("tally", () => {
    const n = everything ? 20_001 : 12_001;
    const rows = records(random, n);
    const sums = new Float64Array(LENGTHS.sums);
    const counters = new Float64Array(countersOf(RANKS, BINS).length);
    run(backend, kernelOf("tally"), "f64", n, 0, { rows, sums, counters, ranks: RANKS, bins: BINS, weighted: 0 });
    const losses = Array.from({ length: n }, (_, i) => rows[8 * i]);
    expect(exactSum(sums.subarray(0, SUM_BINS))).toBe(exactSum(losses));
    expect(counters[countersOf(RANKS, BINS).counted]).toBe(n);
  });

  test.each(["f32", "f64"] as const)("regression, %s", (dtype) => {
    const n = everything ? 150_001 : 70_001;
    const [predictions, targets] = [1, 2].map(() => floatArray(dtype, n).map(() => normal(random)));
    const sums = new Float64Array(4 * SUM_BINS);
    const units = Math.ceil(n / BLOCK_ELEMENTS);
    const results = new Float64Array(2 * units);
    run(backend, kernelOf("regression"), dtype, units, n, { predictions, targets, sums, results });
    const maxima = results.filter((_, i) => i % 2 === 0);
    const round = dtype === "f32" ? Math.fround : Number;
    const errors = Array.from(predictions, (p, i) => Math.abs(round(p - targets[i])));
    expect(exactSum(sums.subarray(SUM_BINS, 2 * SUM_BINS))).toBe(exactSum(errors));
    expect(exactSum(sums.subarray(2 * SUM_BINS, 3 * SUM_BINS))).toBe(exactSum(targets));
    const largest = (values: Iterable<number>) => Array.from(values).reduce((a, b) => Math.max(a, b), 0);
    expect(largest(maxima)).toBe(largest(errors));
  });
});
