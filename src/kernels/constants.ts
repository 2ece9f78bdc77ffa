/** One constant of the kernels in both precisions. */
export interface Constant {
  readonly name: string;
  readonly f32: number;
  readonly f64: number;
}

const LOG2E = 1.4426950408889634;

/** e^r = 1 + r + r^2 Q(r) for |r| <= ln 2 / 2: minimax relative error 1.8 x 2^-24 (scripts/fitCoefficients.ts). */
const EXP_F32 = [1, 0.499992311000824, 0.16667115688323975, 0.041890256106853485, 0.008312467485666275];

/** 2^f = 1 + f P(f) for |f| <= 1/2, to 2.0 x 2^-53. */
const EXP_F64 = [
  0.6931471805599492, 0.240226506959091, 0.055504108664482, 0.009618129107983335, 0.0013333558225775634,
  0.00015403529994072323, 0.000015252659440207155, 0.0000013215653660148658, 1.0208320865798602e-7,
  7.038170713178879e-9,
];

/** R(z) = z (L1 + z (L2 + ...)) of the logarithm: error 0.011 x 2^-53. */
const LOG = [
  0.6666666666666734, 0.3999999999941705, 0.2857142874189105, 0.22222198621799724, 0.18183561896221342,
  0.15314110652228838, 0.14795366230493692,
];

/** The same for rows of float32, to 2^-30. */
const SHORT_LOG = [0.6666677608816535, 0.39977573722027443, 0.2987094440341793];

/**
 * Every constant of the kernels, in the order of the table in linear memory (assembly/constants.ts names the indices):
 * the JavaScript loops read them here, and `constantTable` writes them there.
 */
export const CONSTANTS: readonly Constant[] = [
  // from here on 2^n is 0: of z itself (-127 ln 2) in float32, of z log2 e in float64
  { name: "LOWEST", f32: -88.02969360351562, f64: -1023 },
  // 1.5 2^23 + 127 and 1.5 2^52 + 1023: adding it rounds to an integer, whose biased exponent is then in the low bits
  { name: "MAGIC", f32: 12583039, f64: 6755399441056767 },
  { name: "LOG2E", f32: Math.fround(LOG2E), f64: LOG2E },
  { name: "ONE", f32: 1, f64: 1 },
  ...EXP_F64.map((c, i) => ({ name: `E${i + 1}`, f32: EXP_F32[i] ?? 0, f64: c })),
  ...LOG.map((c, i) => ({ name: `L${i + 1}`, f32: Math.fround(c), f64: c })),
  // ln 2 in two parts: n times the first is exact for |n| <= 127, and for |n| <= 1075
  { name: "LN2_HIGH", f32: 0.693145751953125, f64: 0.6931471806019545 },
  { name: "LN2_LOW", f32: 0.000001428606765330187, f64: -4.2009150726810846e-11 },
  { name: "NEGATIVE_INFINITY", f32: Number.NEGATIVE_INFINITY, f64: Number.NEGATIVE_INFINITY },
  { name: "HIGHEST", f32: 3.4028234663852886e38, f64: Number.MAX_VALUE },
  { name: "SMALLEST_NORMAL", f32: 2 ** -126, f64: 2 ** -1022 },
  { name: "TWO_54", f32: 2 ** 54, f64: 2 ** 54 },
  // from here on exp is +inf
  { name: "HIGHEST_EXPONENT", f32: 89, f64: 710 },
  ...SHORT_LOG.map((c, i) => ({ name: `S${i + 1}`, f32: Math.fround(c), f64: c })),
  { name: "LN2", f32: Math.fround(Math.LN2), f64: Math.LN2 },
];

/** A constant by name; throws where there is none. */
export function constant(name: string): Constant {
  const found = CONSTANTS.find((c) => c.name === name);
  if (!found) throw new Error(`constant: no ${name}`);
  return found;
}

/** Rows of at most this many classes are summed in four accumulators (in WebAssembly: a row a lane). */
export const SHORT_ROW = 64;

/** Elements of a block of an element-wise loss. */
export const BLOCK_ELEMENTS = 1024;
