// The map of a thread's working memory: what stands where, in bytes from its start. A layout holds what is used at the same
// time, so its regions may not overlap (a test); layouts are used one after the other and overlap. The build writes each to a
// file of its own in assembly/generated/.

import { PARTS } from "../numeric/extraction.ts";

export interface Region {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

export interface Layout {
  /** File of assembly/generated/. */
  readonly file: string;
  readonly regions: readonly Region[];
  /** The layout that is in use along with this one. */
  readonly beside?: Layout;
}

const ROUND = 64;
const VECTOR = 16;
const NUMBER = 8;

/** A block of 1024 float64, and 128 bytes: at the same place of two pages they would wait for each other. */
const PLANE = 8192 + 128;

/** Of the element-wise losses. */
const ELEMENTS: Layout = {
  file: "scratchOfElements",
  regions: [
    // the last, partial round, of up to sixteen float64
    { name: "TAIL_PREDICTIONS", at: 0, bytes: 128 },
    { name: "TAIL_TARGETS", at: 128, bytes: 128 },
    { name: "TAIL_RESULTS", at: 256, bytes: 128 },
    { name: "TAIL", at: 384, bytes: 128 },
    // of a block: its losses, before they are weighted or summed; predictions and targets where some have weight 0
    { name: "LOSSES", at: 512, bytes: PLANE },
    { name: "PREDICTIONS", at: 512 + PLANE, bytes: PLANE },
    { name: "TARGETS", at: 512 + 2 * PLANE, bytes: PLANE },
    // values of elementary functions
    { name: "FIRST", at: 512 + 3 * PLANE, bytes: PLANE },
    { name: "SECOND", at: 512 + 4 * PLANE, bytes: PLANE },
    { name: "THIRD", at: 512 + 5 * PLANE, bytes: PLANE },
    { name: "FOURTH", at: 512 + 6 * PLANE, bytes: PLANE },
  ],
};

/** Of a row of any length. */
const ROWS: Layout = {
  file: "scratchOfRows",
  regions: [
    // the last, partial round: of the row, filled up with -inf; of targets and of weights, filled up with 0
    { name: "TAIL", at: 0, bytes: ROUND },
    { name: "TAIL_TARGETS", at: 64, bytes: ROUND },
    { name: "TAIL_WEIGHTS", at: 128, bytes: ROUND },
    // the round that holds the left-out element, with -inf in its place
    { name: "WITHOUT", at: 192, bytes: ROUND },
    // the exponentials of the last round
    { name: "TAIL_OUT", at: 256, bytes: ROUND },
    // the reference: what is taken from the logits, and the exponent of what their exponentials are divided by
    { name: "SHIFT", at: 320, bytes: NUMBER },
    { name: "DOTS", at: 328, bytes: NUMBER },
    { name: "COEFFICIENTS", at: 336, bytes: NUMBER },
    { name: "EXPONENT", at: 344, bytes: NUMBER },
    // exp's `lowest` and `magic` for the exponent; the largest logit so far of each lane
    { name: "FLOOR", at: 352, bytes: VECTOR },
    { name: "MAGICS", at: 368, bytes: VECTOR },
    { name: "TOP", at: 384, bytes: VECTOR },
    // by how much the logarithms of the exponentials are too large: see LN2_REST
    { name: "REST", at: 400, bytes: NUMBER },
    // a block with the shift taken away
    { name: "SHIFTED", at: 4096, bytes: 1024 },
  ],
};

/** Of the record of a long row. */
const ROW_RECORD: Layout = {
  file: "scratchOfRowRecord",
  beside: ROWS,
  regions: [
    // counts of logits above the target's, a lane each
    { name: "ABOVE", at: 2048, bytes: VECTOR },
    // Σ e (x - base) and Σ e^2 of the row, two float64 lanes each
    { name: "PRODUCTS", at: 2064, bytes: VECTOR },
    { name: "SQUARES", at: 2080, bytes: VECTOR },
    // the address of the block in which the maximum rose last
    { name: "RISEN", at: 2096, bytes: NUMBER },
  ],
};

/** Of a batch of short rows: a vector a group (at most 16), or a float64 a row (at most 32). */
const BATCH = 256;

/** Of short rows. */
const TURNED: Layout = {
  file: "scratchOfTurnedRows",
  regions: [
    // what is taken from the logits of a row
    { name: "SHIFTS", at: 0, bytes: BATCH },
    // the largest of them; or, where those that equal what is taken are left out of the sum, how many they are
    { name: "TOPS", at: 256, bytes: BATCH },
    { name: "SUMS", at: 512, bytes: BATCH },
    // the weight of each row; or the logarithm of its denominator
    { name: "OWN", at: 768, bytes: BATCH },
    // the turned rows: 32 of 64 float64
    { name: "LANES", at: 4096, bytes: 16384 },
    // the last rows where they are no whole group, filled up with copies of the last: logits (12 bytes beyond are read)...
    { name: "STAGED", at: 32768, bytes: 1536 },
    { name: "STAGED_LABELS", at: 34304, bytes: VECTOR },
    // ...and what comes of them: as many values as there are logits, and values of the rows (a record has 64 bytes)
    { name: "STAGED_OUT", at: 34816, bytes: 1024 },
    { name: "STAGED_RESULTS", at: 36864, bytes: BATCH },
  ],
};

/** Of short rows with index targets. */
const TURNED_TARGETS: Layout = {
  file: "scratchOfTurnedTargets",
  beside: TURNED,
  regions: [
    // the targets' logits; 0 where the maximum was taken away
    { name: "TARGETS", at: 1024, bytes: BATCH },
    // what the sums are multiplied by; the target's exponential to that measure, and its logit less the maximum: 1 and 0
    { name: "MEASURES", at: 1280, bytes: BATCH },
    { name: "EXPONENTIALS", at: 1536, bytes: BATCH },
    { name: "DISTANCES", at: 1792, bytes: BATCH },
    // the targets, 4 bytes a class; 0 where the row is ignored
    { name: "PLACES", at: 2048, bytes: BATCH },
  ],
};

const TURNED_CROSS_ENTROPY: Layout = {
  file: "scratchOfTurnedCrossEntropy",
  beside: TURNED_TARGETS,
  regions: [
    // what the exponentials of the rows are multiplied by, and the gradients at the targets
    { name: "FACTORS", at: 2304, bytes: BATCH },
    { name: "GRADIENTS", at: 2560, bytes: BATCH },
    // the logits of a row whose gradient is computed by itself
    { name: "SAVED", at: 37376, bytes: 512 },
  ],
};

const TURNED_RECORD: Layout = {
  file: "scratchOfTurnedRecord",
  beside: TURNED_TARGETS,
  regions: [
    // the targets' logits, of every row
    { name: "LOGITS", at: 2304, bytes: BATCH },
    { name: "MAXIMA", at: 2560, bytes: BATCH },
    // Σ e (x - m) and Σ e^2
    { name: "PRODUCTS", at: 2816, bytes: BATCH },
    { name: "SQUARES", at: 3072, bytes: BATCH },
    // the number of logits above the target's and of those that equal it and come before it; the class of the first maximum
    { name: "ABOVE", at: 3328, bytes: BATCH },
    { name: "FIRST", at: 3584, bytes: BATCH },
    // masks of the rows that have their maximum taken away
    { name: "DISTANT", at: 3840, bytes: BATCH },
  ],
};

/** Of a row of probabilities: its last, up to three elements, filled up to a round. */
const LIKELIHOOD: Layout = {
  file: "scratchOfLikelihood",
  regions: [
    { name: "TAIL", at: 0, bytes: ROUND },
    { name: "TAIL_TARGETS", at: 64, bytes: ROUND },
    { name: "TAIL_WEIGHTS", at: 128, bytes: ROUND },
    { name: "TAIL_GRADIENT", at: 192, bytes: ROUND },
  ],
};

/** Of two rows: what follows stands behind what a row needs, and that of the other model so much further. */
const COMPARED_ROWS: Layout = {
  file: "scratchOfComparedRows",
  beside: ROWS,
  regions: [
    // what makes the exponentials probabilities, and the target's probability, 0 where it is below e^-60 of the largest
    { name: "INVERSE", at: 2048, bytes: NUMBER },
    { name: "OWN", at: 2056, bytes: NUMBER },
    // sums of a row: of terms, of differences, and of the other model's exponentials of classes that are far apart
    { name: "TERMS", at: 2064, bytes: NUMBER },
    { name: "DIFFERENCES", at: 2072, bytes: NUMBER },
    { name: "APART", at: 2080, bytes: NUMBER },
    // where in the row the block begins in which the maximum rose last
    { name: "LAST_RISE", at: 2088, bytes: NUMBER },
    // the same sums of a round with such classes
    { name: "ROUND_TERMS", at: 2112, bytes: ROUND },
    { name: "ROUND_DIFFERENCES", at: 2176, bytes: ROUND },
    { name: "ROUND_APART", at: 2240, bytes: ROUND },
    // the exponentials of a block, a line further than a page
    { name: "EXPONENTIALS", at: 8256, bytes: 1024 },
    { name: "OTHER_SIDE", at: 16448, bytes: 16384 },
    // records of a batch of short rows of each model, behind all that these need
    { name: "RECORDS", at: 40960, bytes: 2048 },
    { name: "OTHER_RECORDS", at: 43008, bytes: 2048 },
  ],
};

const DIVERGENCE: Layout = {
  file: "scratchOfDivergence",
  beside: ROWS,
  // the second sum of a row, which its gradient needs
  regions: [{ name: "SECOND", at: 2048, bytes: NUMBER }],
};

/** Of a row at many temperatures: two vectors a node, sums of a block and of the row. */
const TEMPERATURE: Layout = {
  file: "scratchOfTemperature",
  beside: ROWS,
  regions: [
    { name: "ROWS", at: 1024, bytes: 1024 },
    { name: "TOTALS", at: 2048, bytes: 1024 },
  ],
};

/** Of a block of classes, whose float64 numbers stand in planes. */
const GENERAL_CROSS_ENTROPY: Layout = {
  file: "scratchOfGeneralCrossEntropy",
  beside: ROWS,
  regions: [
    // one value of an elementary function, and what is replaced beyond
    { name: "VALUE", at: 2048, bytes: 64 },
    { name: "DISTANCES", at: 8192, bytes: PLANE },
    { name: "EXPONENTIALS", at: 8192 + PLANE, bytes: PLANE },
    { name: "COUNTS", at: 8192 + 2 * PLANE, bytes: PLANE },
    { name: "SLOPES", at: 8192 + 3 * PLANE, bytes: PLANE },
  ],
};

/** Of numbers whose exponents stand apart: the sum of those that were taken. */
const SCALED: Layout = {
  file: "scratchOfScaled",
  beside: TURNED_CROSS_ENTROPY,
  regions: [{ name: "POWER", at: 37888, bytes: NUMBER }],
};

/** Of a regression: numbers that are computed once and read in each round of a loop. */
const REGRESSION: Layout = {
  file: "scratchOfRegression",
  regions: [
    { name: "VALUE_START", at: 0, bytes: VECTOR },
    { name: "SQUARE_START", at: 16, bytes: VECTOR },
    { name: "ERROR_START", at: 32, bytes: VECTOR },
    { name: "SPLITTERS", at: 48, bytes: VECTOR },
    { name: "LIMIT", at: 64, bytes: VECTOR },
    // how many squares of a block are extreme
    { name: "EXTREMES", at: 80, bytes: NUMBER },
    // of a block: |p - t| / |t|, and the sums of their parts
    { name: "QUOTIENTS", at: 128, bytes: 8192 },
    { name: "PARTS_OF_QUOTIENTS", at: 128 + 8192, bytes: PARTS * NUMBER },
  ],
};

/** Of an elementary function: a block of values of up to 8 bytes, and what is replaced beyond. */
const FUNCTIONS: Layout = {
  file: "scratchOfFunctions",
  regions: [{ name: "VALUES", at: 0, bytes: 8192 + 32 }],
};

export const LAYOUTS: readonly Layout[] = [
  ELEMENTS,
  ROWS,
  ROW_RECORD,
  TURNED,
  TURNED_TARGETS,
  TURNED_CROSS_ENTROPY,
  TURNED_RECORD,
  LIKELIHOOD,
  COMPARED_ROWS,
  DIVERGENCE,
  TEMPERATURE,
  GENERAL_CROSS_ENTROPY,
  SCALED,
  REGRESSION,
  FUNCTIONS,
];
