import * as exp64 from "./exp64Constants.ts";

/** One constant of the kernels in both precisions. */
export interface Constant {
  readonly name: string;
  readonly f32: number;
  readonly f64: number;
}

const STEP = Math.LN2 / 256;
const LN2_HIGH = { f32: 0.69317626953125, f64: exp64.LN2_HIGH };
const LN2_LOW = { f32: -0.000029088971132296138, f64: exp64.LN2_LOW };

/** e^r = 1 + r + r^2 Q(r) for |r| <= ln 2 / 2: minimax relative error 1.8 x 2^-24 (scripts/fitCoefficients.ts). */
const EXP_F32 = [0.499992311000824, 0.16667115688323975, 0.041890256106853485, 0.008312467485666275];

/** The same with one degree more, to 0.053 x 2^-24: of a long row's softmax, whose maximum is no exact 1, and of fineExp. */
const FINE = [0.4999999403953552, 0.1666652113199234, 0.04166826233267784, 0.00836867094039917, 0.001382089452818036];

/** e^r - 1 = r + r^2 Q(r) for |r| <= ln 2 / 512: error 0.0036 x 2^-53 of e^r - 1 itself. */
const FINE_64 = [0.49999999999999856, 0.16666666666666705, 0.04166666984044862, 0.008333333410084326];

/** R(z) = z (L1 + z (L2 + ...)) of the logarithm: error 0.011 x 2^-53. */
const LOG = [
  0.6666666666666734, 0.3999999999941705, 0.2857142874189105, 0.22222198621799724, 0.18183561896221342,
  0.15314110652228838, 0.14795366230493692,
];

/** The same for rows of float32, to 2^-30. */
const SHORT_LOG = [0.6666677608816535, 0.39977573722027443, 0.2987094440341793];

/** R(z) = z (R1 + z (R2 + ...)) of ln(1 + e) for e from 0 to 1, z = (e / (2 + e))^2: error 0.075 x 2^-24. */
const UNIT_LOG = [0.666664183139801, 0.40021440386772156, 0.28002941608428955, 0.2800733149051666];

/** tanh a = a + a z (T1 + z (T2 + ...)), z = a^2: of float32 for a up to 0.64, error 0.097 x 2^-24... */
const TANH_32 = [
  -0.33333268761634827, 0.1333107203245163, -0.0537080243229866, 0.02053375169634819, -0.005585709121078253,
];
/** ...and of float64 for a up to 0.55, error 0.18 x 2^-53. */
const TANH_64 = [
  -0.33333333333332316, 0.13333333333168926, -0.05396825387615949, 0.021869485976339895, -0.008863194521353953,
  0.0035917198173104677, -0.0014532172773954572, 0.0005791383956103894, -0.00021030443892351637, 0.00005102276706330357,
];

/**
 * (e^x - 1 - x) / x^2 = 1/2 + x (P3 + x (P4 + ...)): 1/3! to 1/10!, which leave out less than 2^-50 of it for |x| < 1/8; of float32
 * fewer, fitted at Chebyshev's nodes, to 3.4 x 2^-24 for |x| < 1.
 */
const SERIES = [6, 24, 120, 720, 5040, 40320, 362880, 3628800].map((factorial) => 1 / factorial);
const SERIES_32 = [
  0.16666676104068756, 0.041666675359010696, 0.008331762626767159, 0.0013887322274968028, 0.00020258885342627764,
  0.000025218489099643193,
];

/**
 * Every constant of the kernels, in the order of the table in linear memory. The build writes their places by name to
 * assembly/generated/constants.ts, and with their values to src/generated/table.ts, of which writeConstants and the JavaScript loops
 * take them.
 */
export const CONSTANTS: readonly Constant[] = [
  // from here on 2^n is 0: -127 ln 2 and -1023 ln 2
  { name: "LOWEST", f32: Math.fround(-127 * Math.LN2), f64: exp64.LOWEST },
  // 1.5 2^23 + 127 and 1.5 2^52 + 256 x 1023: adding it rounds to an integer, whose biased exponent is then in the low bits
  { name: "MAGIC", f32: 12583039, f64: exp64.MAGIC },
  // n's steps a unit of x: see assembly/functions/exp.ts
  { name: "STEPS", f32: Math.fround(Math.LOG2E), f64: exp64.STEPS },
  { name: "ONE", f32: 1, f64: 1 },
  { name: "HALF", f32: 0.5, f64: 0.5 },
  // the sign's bit
  { name: "MINUS_ZERO", f32: -0, f64: -0 },
  { name: "LARGE_POWER", f32: 2 ** 127, f64: 2 ** 1023 },
  // E2 to E5, and an E6 of 0 for a loop of degree 6 (E2 and so on stand side by side, as F2 to F6 do: polynomialOf reads them)
  ...[...EXP_F32, 0].map((c, i) => ({ name: `E${i + 2}`, f32: c, f64: exp64.EXP[i] ?? 0 })),
  ...LOG.map((c, i) => ({ name: `L${i + 1}`, f32: Math.fround(c), f64: c })),
  // a step's part of ln 2, and ln 2, in two parts: n times the first is exact for |n| < 1024, and for |n| < 2^21
  { name: "STEP_HIGH", f32: LN2_HIGH.f32, f64: exp64.STEP_HIGH },
  { name: "STEP_LOW", f32: LN2_LOW.f32, f64: exp64.STEP_LOW },
  { name: "LN2_HIGH", ...LN2_HIGH },
  { name: "LN2_LOW", ...LN2_LOW },
  { name: "NEGATIVE_INFINITY", f32: Number.NEGATIVE_INFINITY, f64: Number.NEGATIVE_INFINITY },
  { name: "HIGHEST", f32: 3.4028234663852886e38, f64: Number.MAX_VALUE },
  { name: "SMALLEST_NORMAL", f32: 2 ** -126, f64: exp64.SMALLEST_NORMAL },
  { name: "TWO_54", f32: 2 ** 54, f64: 2 ** 54 },
  // from here on exp is +inf: a little early
  { name: "HIGHEST_EXPONENT", f32: Math.fround(88.37), f64: exp64.HIGHEST },
  ...SHORT_LOG.map((c, i) => ({ name: `S${i + 1}`, f32: Math.fround(c), f64: c })),
  { name: "LN2", f32: Math.fround(Math.LN2), f64: Math.LN2 },
  ...FINE.map((c, i) => ({ name: `F${i + 2}`, f32: c, f64: FINE_64[i] ?? 0 })),
  { name: "LOG2E", f32: Math.fround(Math.LOG2E), f64: Math.LOG2E },
  // of the targets of rows of float32
  { name: "STEP", f32: 0, f64: STEP },
  { name: "HALF_SQUARE", f32: 0, f64: (STEP * STEP) / 2 },
  // of exp(x) 2^15 in short rows, and of exp(-x) 2^-15
  { name: "LOWEST_15", f32: -98.4269027709961, f64: -1038 * Math.LN2 },
  { name: "MAGIC_15", f32: 12583054, f64: 6755399441321472 },
  { name: "MAGIC_INVERSE", f32: 0, f64: 6755399441313792 },
  // what LN2 of float32 is off
  { name: "LN2_REST", f32: 0, f64: -1.904654290582768e-9 },
  // where e^x is 0 and +inf for certain, and the magic number of powers of two in two factors: see fineExp
  { name: "FULL_LOWEST", f32: -104, f64: -745.2 },
  { name: "FULL_HIGHEST", f32: 89, f64: 710 },
  { name: "FULL_MAGIC", f32: 1.5 * 2 ** 23 + 254, f64: 1.5 * 2 ** 52 + 256 * 2046 },
  // of e^x - 1: where it is -1 for certain; of 2^(n - 1); up to where it, and ln(1 + x), is x
  { name: "EXPM1_LOWEST", f32: -80, f64: -80 },
  { name: "EXPM1_MAGIC", f32: 1.5 * 2 ** 23 + 126, f64: 1.5 * 2 ** 52 + 256 * 1022 },
  { name: "TINY", f32: 2 ** -25, f64: 2 ** -54 },
  { name: "TWO", f32: 2, f64: 2 },
  // for their bits: the largest subnormal number has all of those below the exponent
  { name: "SQRT_HALF", f32: Math.fround(Math.SQRT1_2), f64: Math.SQRT1_2 },
  { name: "MANTISSA", f32: 2 ** -126 - 2 ** -149, f64: 2 ** -1022 - 2 ** -1074 },
  ...UNIT_LOG.map((c, i) => ({ name: `R${i + 1}`, f32: c, f64: 0 })),
  ...TANH_64.map((c, i) => ({ name: `T${i + 1}`, f32: TANH_32[i] ?? 0, f64: c })),
  { name: "TANH_SPLIT", f32: Math.fround(0.64), f64: 0.55 },
  // of (e^x - 1 - x) / x^2, behind the HALF, and from which |x| on it is not used
  ...SERIES.map((c, i) => ({ name: `P${i + 3}`, f32: SERIES_32[i] ?? 0, f64: c })),
  { name: "SERIES_END", f32: 1, f64: 0.125 },
  // for its bits: 54 in the place of an exponent
  { name: "EXPONENT_54", f32: 2 ** (54 - 127), f64: 0 },
];
