/** Seeded data, the sizes that matter, and the tolerances the library states. */

export type Dtype = "float32" | "float64";
export type FloatArray = Float32Array | Float64Array;
export type Random = () => number;

export const dtypes: readonly Dtype[] = ["float32", "float64"];
export const arrayOf = { float32: Float32Array, float64: Float64Array };
export const labelArrays = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
] as const;

const upTo70 = Array.from({ length: 70 }, (_, i) => i + 1);
/** Elements: every tail of 16 lanes and 4 unrolled vectors, and both sides of a block of 1024. */
export const elementCounts: readonly number[] = [...upTo70, 1023, 1024, 1025, 4097];
/** Classes of ordinary cases. */
export const classCounts: readonly number[] = [...upTo70, 127, 128, 129];
/** Classes of few cases: around blocks, and a vocabulary. */
export const largeClassCounts: readonly number[] = [1000, 4095, 4096, 4097, 50257];
/** Rows: every remainder of rows taken four, eight or sixteen at a time. */
export const rowCounts: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1025];

/** Values in [0, 1), the same for the same seed. */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function integer(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** Roughly normal with deviation 1, never beyond 6: the sum of twelve uniform values. */
export function normal(random: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

export function zeros(dtype: Dtype, length: number): FloatArray {
  return new arrayOf[dtype](length);
}

export function floats(dtype: Dtype, values: Iterable<number>): FloatArray {
  return arrayOf[dtype].from(values);
}

/** The same values at an address 1 to 3 elements past a 16-byte boundary. */
export function unaligned(values: FloatArray, elements = 1): FloatArray {
  const type = values instanceof Float32Array ? Float32Array : Float64Array;
  const view = new type(
    new ArrayBuffer((values.length + elements) * type.BYTES_PER_ELEMENT),
    elements * type.BYTES_PER_ELEMENT,
  );
  view.set(values);
  return view;
}

/** Values of deviation `scale`. */
export function values(random: Random, dtype: Dtype, length: number, scale = 1): FloatArray {
  return zeros(dtype, length).map(() => scale * normal(random)) as FloatArray;
}

/** [rows, classes], each row with a deviation, an offset and a winner of its own: flat rows, ordinary ones, confident ones. */
export function logitsOf(random: Random, dtype: Dtype, rows: number, classes: number): FloatArray {
  const logits = zeros(dtype, rows * classes);
  for (let i = 0; i < rows; i++) {
    const scale = [0.01, 1, 3, 8][integer(random, 4)];
    const offset = [0, 0, -40, 700][integer(random, 4)];
    for (let j = 0; j < classes; j++) logits[i * classes + j] = offset + scale * normal(random);
    if (random() < 0.3) logits[i * classes + integer(random, classes)] = offset + [10, 25, 50][integer(random, 3)];
  }
  return logits;
}

/** [rows, classes] that add up to about 1, with zeros among them where there are two classes or more. */
export function probabilitiesOf(
  random: Random,
  dtype: Dtype,
  rows: number,
  classes: number,
  zeroShare = 0.2,
): FloatArray {
  const probabilities = zeros(dtype, rows * classes);
  for (let i = 0; i < rows; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      row[j] = random() < zeroShare && classes > 1 ? 0 : 0.05 + random();
      sum += row[j];
    }
    for (let j = 0; j < classes; j++) row[j] /= sum || 1;
  }
  return probabilities;
}

/** One a row; `ignoreIndex` in about an eighth of them. */
export function labelsOf(random: Random, rows: number, classes: number, ignoreIndex?: number): Int32Array {
  return Int32Array.from({ length: rows }, () =>
    ignoreIndex !== undefined && random() < 0.125 ? ignoreIndex : integer(random, classes),
  );
}

/** Class weights in [0.1, 1.4), a tenth of them 0 where there are two classes or more. */
export function weightsOf(random: Random, dtype: Dtype, classes: number): FloatArray {
  return zeros(dtype, classes).map(() => (classes > 1 && random() < 0.1 ? 0 : 0.1 + 1.3 * random())) as FloatArray;
}

/** Bounds of an option that is a number, and what it is where it is not given. */
export interface NumericOption {
  readonly name: string;
  readonly default: number;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
  readonly flag?: true;
}

function within({ above, atLeast, below, atMost }: NumericOption, value: number): boolean {
  const low = (above === undefined || value > above) && (atLeast === undefined || value >= atLeast);
  return (
    !Number.isNaN(value) && low && (below === undefined || value < below) && (atMost === undefined || value <= atMost)
  );
}

/** What an option may be: what it is by default, its bounds, and values between them. */
function insideOf(option: NumericOption): number[] {
  if (option.flag) return [0, 1];
  const low = option.above ?? option.atLeast ?? 0;
  const high = option.below ?? option.atMost ?? low + 7;
  const candidates = [option.default, low, low + (high - low) / 23, low + 0.75 * (high - low), high];
  return [...new Set(candidates)].filter((value) => within(option, value));
}

/** What it may be, but nobody wants: of a dtype neither 0 nor infinity, and beyond. */
export function extremesOf(option: NumericOption): number[] {
  if (option.flag) return [];
  const sizes = [5e-324, 1e-50, 1e-40, 2 ** -126, 1e38, 1e300, Number.MAX_VALUE, Infinity];
  return sizes.flatMap((size) => [size, -size]).filter((value) => within(option, value));
}

/** What it may not be. */
export function outsideOf(option: NumericOption): number[] {
  if (option.flag) return [];
  const { above, atLeast, below, atMost } = option;
  const bounds = [above, atLeast, below, atMost].filter((bound) => bound !== undefined);
  const candidates = [NaN, Infinity, -Infinity, ...bounds.flatMap((bound) => [bound, bound - 0.25, bound + 0.25])];
  return candidates.filter((value) => !within(option, value));
}

/** Every combination of values of the options; of a loss without options one, with none. */
export function combinationsOf(options: readonly NumericOption[]): Record<string, number>[] {
  return options.reduce<Record<string, number>[]>(
    (sets, option) => sets.flatMap((set) => insideOf(option).map((value) => ({ ...set, [option.name]: value }))),
    [{}],
  );
}

/** By the definition of IEEE 754, binary16. */
export function float16Value(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export const bfloat16Value = (h: number) => new Float32Array(Uint32Array.of(h * 65536).buffer)[0];

/** m - x, each element's distance to the maximum of its row. */
export function distancesToMaximum(logits: FloatArray, classes: number): number[] {
  const maxima = Array.from({ length: logits.length / classes }, (_, i) =>
    Array.from(logits.subarray(i * classes, (i + 1) * classes)).reduce((a, b) => Math.max(a, b), -Infinity),
  );
  return Array.from(logits, (x, i) => maxima[Math.floor(i / classes)] - x);
}

// ------------------------------------------------------------------------------------------------------ tolerances

/** The step of relative errors: 2^-23 for float32 results, 2^-51 for float64 ones. */
export const unit = { float32: 2 ** -23, float64: 2 ** -51 };
/** The smallest normal number: an exponential below it may be 0. */
export const smallest = { float32: 2 ** -126, float64: 2 ** -1022 };

/**
 * A row's loss: relative error <= unit * (4 + max(0, -ln loss)). Exponentials below the smallest normal number may be
 * taken for 0 or for it, so that a row of K classes keeps its digits down to about K times that number.
 */
export function rowLossTolerance(dtype: Dtype, loss: number, classes: number): number {
  const size = Math.abs(loss);
  return size * unit[dtype] * (4 + Math.max(0, -Math.log(size || 1))) + classes * smallest[dtype];
}

/**
 * softmax: relative error <= 2^-22 + 2^-23 (m - x) for float32, 2^-48 + 2^-51 (m - x) for float64; what is below the
 * smallest normal number may be 0 as well.
 */
export function softmaxTolerance(dtype: Dtype, probability: number, distance: number): number {
  if (probability < smallest[dtype]) return probability;
  return probability * unit[dtype] * ((dtype === "float32" ? 2 : 8) + distance);
}

/** logSoftmax is the loss of each class as the target, negative: it keeps its digits as that does. */
export const logSoftmaxTolerance = rowLossTolerance;

/** logSumExp: the error of the sum of exponentials, and a rounding in float64. */
export function logSumExpTolerance(dtype: Dtype, value: number): number {
  return unit[dtype] * 4 + 2 ** -52 * Math.abs(value);
}

/** A gradient a q - b: softmax's error and the rounding of the scale, of the terms and of the result. */
export function gradientTolerance(dtype: Dtype, terms: number, distance: number): number {
  const finite = Number.isFinite(distance) ? distance : 0;
  return terms * unit[dtype] * (4 + finite) + 2 * smallest[dtype];
}

/** Central differences of fourth order: an error of about step^4 / 30 times the fifth derivative. */
export function differences(loss: (x: Float64Array) => number, at: FloatArray, step: (x: number) => number): number[] {
  const x = Float64Array.from(at);
  return Array.from(at, (value, i) => {
    const h = step(value);
    const lossAt = (shift: number) => {
      x[i] = value + shift;
      return loss(x);
    };
    const derivative = (8 * (lossAt(h) - lossAt(-h)) - (lossAt(2 * h) - lossAt(-2 * h))) / (12 * h);
    x[i] = value;
    return derivative;
  });
}

/** NaN for NaN, the same infinity, else |got - wanted| <= allowed; the message names index, got and wanted. */
export function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  allowed: (index: number) => number,
  where: string,
): void {
  if (got.length !== wanted.length) throw new Error(`${where}: got ${got.length} values, wanted ${wanted.length}`);
  for (let i = 0; i < wanted.length; i++) {
    if (Object.is(got[i], wanted[i]) || got[i] === wanted[i]) continue;
    const tolerance = allowed(i);
    const error = Math.abs(got[i] - wanted[i]);
    if (Number.isFinite(wanted[i]) && error <= tolerance) continue;
    const share = tolerance > 0 ? ` (${(error / tolerance).toFixed(2)} times the tolerance)` : "";
    throw new Error(
      `${where}: [${i}] is ${got[i]}, wanted ${wanted[i]}, off by ${error}, allowed ${tolerance}${share}`,
    );
  }
}

/** Whether they are floats of one type and the same bits: compared by bytes in Node, else by words. */
function areSameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const isFloat = a instanceof Float32Array || a instanceof Float64Array;
  if (!isFloat || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return false;
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  if (globalThis.Buffer) return globalThis.Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  const [p, q] = [a, b].map((it) => new Int32Array(it.buffer, it.byteOffset, it.byteLength / 4));
  for (let i = 0; i < p.length; i++) if (p[i] !== q[i]) return false;
  return true;
}

/** The same values throughout: 0 is not -0, NaN is NaN. (vitest's toEqual takes seconds on a million elements.) */
export function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>, where: string): void {
  if (got.length !== wanted.length) throw new Error(`${where}: got ${got.length} values, wanted ${wanted.length}`);
  if (areSameBits(got, wanted)) return;
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], wanted[i])) throw new Error(`${where}: [${i}] is ${got[i]}, wanted exactly ${wanted[i]}`);
  }
}
