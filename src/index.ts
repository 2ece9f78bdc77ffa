export type { CrossEntropy, CrossEntropyInput } from "./api/crossEntropy.ts";
export type { Out, Reduce, Reduction, WithGrad } from "./api/reduction.ts";
export type { Rows } from "./api/rows.ts";
export type { FloatArray, LabelArray } from "./dtype.ts";
export { createLosses, type Losses, type LossesOptions } from "./losses.ts";
