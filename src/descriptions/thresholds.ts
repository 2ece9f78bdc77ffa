/** Rows of at most this many classes are summed in four accumulators (in WebAssembly: a row a lane). */
export const SHORT_ROW = 64;

/** Elements of a block of an element-wise loss. */
export const BLOCK_ELEMENTS = 1024;
