// What stands at fixed addresses of a WebAssembly memory, in bytes; src/memory/map.ts has all the rest. Both languages know
// these: the build writes them to assembly/generated/addresses.ts.

const KIB = 1024;

/** The constant table: 32 bytes a constant, four float32 lanes and then two of float64; room for 80. */
export const TABLE = KIB;
/** 64 bytes of ones, then 64 of zeros: loaded at KEEP + 64 - n, a mask of the first n bytes of a round. */
export const KEEP = 3.5 * KIB;
/** 64 bytes of zeros, 4 (or 8) of ones, zeros: loaded at ONE_HOT - n, a mask of the element that starts at byte n of a round. */
export const ONE_HOT_4 = KEEP + 128 + 64;
export const ONE_HOT_8 = KEEP + 256 + 64;
/** The bits of 2^(j / 256) but for its exponent, 256 times, less j 2^44: 2^(k / 256) is entry k & 255 plus k 2^44. */
export const ROOTS = 4 * KIB;
/** What rounding took from those roots, 2^(j / 256) (1 + entry j), 256 float64. */
export const ROOT_RESTS = 6 * KIB;
