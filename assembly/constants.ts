// The constant table at TABLE in linear memory: one constant each 32 bytes, four float32 lanes and then two float64 lanes.
// The values stand in src/kernels/constants.ts, in this order; a test compares the names.
//
// Constants come from memory because V8 rebuilds a v128.const in every turn of a loop; loaded into a local before the
// loop it stays in a register.

export const TABLE: usize = 1024;

export const LOWEST = 0;
export const MAGIC = 1;
export const LOG2E = 2;
export const ONE = 3;
export const E2 = 4;
export const E3 = 5;
export const E4 = 6;
export const E5 = 7;
export const E6 = 8;
export const E7 = 9;
export const E8 = 10;
export const E9 = 11;
export const E10 = 12;
export const E11 = 13;
export const L1 = 14;
export const L2 = 15;
export const L3 = 16;
export const L4 = 17;
export const L5 = 18;
export const L6 = 19;
export const L7 = 20;
export const LN2_HIGH = 21;
export const LN2_LOW = 22;
export const NEGATIVE_INFINITY = 23;
export const HIGHEST = 24;
export const SMALLEST_NORMAL = 25;
export const TWO_54 = 26;
export const HIGHEST_EXPONENT = 27;
export const S1 = 28;
export const S2 = 29;
export const S3 = 30;
export const LN2 = 31;
export const F2 = 32;
export const F3 = 33;
export const F4 = 34;
export const F5 = 35;
export const F6 = 36;
export const X1 = 37;
export const X2 = 38;
export const X3 = 39;
export const X4 = 40;
export const X5 = 41;
export const X6 = 42;
export const LOWEST_15 = 43;
export const MAGIC_15 = 44;

/** 64 bytes of ones, then 64 of zeros: loaded at KEEP + 64 - n, a mask of the first n bytes of a round. */
export const KEEP: usize = 3072;
/** 64 bytes of zeros, 4 of ones, zeros: loaded at ONE_HOT - n, a mask of the element that starts at byte n of a round. */
export const ONE_HOT_4: usize = 3072 + 128 + 64;
export const ONE_HOT_8: usize = 3072 + 256 + 64;
