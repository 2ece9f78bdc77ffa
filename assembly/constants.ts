// The constant table at TABLE in linear memory: one constant each 32 bytes, four float32 lanes and then two float64 lanes.
// The values stand in src/kernels/constants.ts, in this order; a test compares the names.
//
// Constants come from memory because V8 rebuilds a v128.const in every turn of a loop; loaded into a local before the
// loop it stays in a register.

export const TABLE: usize = 1024;

export const LOWEST = 0;
export const MAGIC = 1;
export const STEPS = 2;
export const ONE = 3;
export const E2 = 4;
export const E3 = 5;
export const E4 = 6;
export const E5 = 7;
export const L1 = 8;
export const L2 = 9;
export const L3 = 10;
export const L4 = 11;
export const L5 = 12;
export const L6 = 13;
export const L7 = 14;
export const STEP_HIGH = 15;
export const STEP_LOW = 16;
export const LN2_HIGH = 17;
export const LN2_LOW = 18;
export const NEGATIVE_INFINITY = 19;
export const HIGHEST = 20;
export const SMALLEST_NORMAL = 21;
export const TWO_54 = 22;
export const HIGHEST_EXPONENT = 23;
export const S1 = 24;
export const S2 = 25;
export const S3 = 26;
export const LN2 = 27;
export const F2 = 28;
export const F3 = 29;
export const F4 = 30;
export const F5 = 31;
export const F6 = 32;
export const LOG2E = 33;
export const STEP = 34;
export const HALF_SQUARE = 35;
export const LOWEST_15 = 36;
export const MAGIC_15 = 37;
export const MAGIC_INVERSE = 38;
export const LN2_REST = 39;

/** 64 bytes of ones, then 64 of zeros: loaded at KEEP + 64 - n, a mask of the first n bytes of a round. */
export const KEEP: usize = 3072;
/** 64 bytes of zeros, 4 of ones, zeros: loaded at ONE_HOT - n, a mask of the element that starts at byte n of a round. */
export const ONE_HOT_4: usize = 3072 + 128 + 64;
export const ONE_HOT_8: usize = 3072 + 256 + 64;

/** The bits of 2^(j / 256) but for its exponent, 256 times, less j 2^44: 2^(k / 256) is entry k & 255 plus k 2^44. */
export const ROOTS: usize = 4096;
