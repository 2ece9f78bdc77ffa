// Numbers of float64's exp. Not in constants.ts with all the others: evaluations need them where WebAssembly runs, too.

/** exp's lowest and magic numbers for N = 0. */
export const LOWEST = -1023 * Math.LN2;
export const MAGIC = 6755399441317632;
/** From here on exp is +inf: a little early. */
export const HIGHEST = 709.78;
/** ln 2 in two parts; n's steps a unit of x, and a step's share of them. */
export const LN2_HIGH = 0.6931471806019545;
export const LN2_LOW = -4.2009150726810846e-11;
export const STEPS = 256 * Math.LOG2E;
export const STEP_HIGH = LN2_HIGH / 256;
export const STEP_LOW = LN2_LOW / 256;
/** e^r = 1 + r + r^2 Q(r) for |r| <= ln 2 / 512: minimax relative error 0.045 x 2^-53 (scripts/fitCoefficients.ts). */
export const EXP = [0.5000000000000121, 0.16666667995393666, 0.041666660617382674];

export const SMALLEST_NORMAL = 2 ** -1022;
