// The map of a thread's working memory: what stands where, in bytes from its start. Layouts are used one after the other, so
// they may overlap; the regions of one layout may not (a test). The build writes each to assembly/generated/.

/** Bytes that each thread has. */
export const SCRATCH_BYTES = 68 * 1024;

export interface Region {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

export interface Layout {
  /** File of assembly/generated/ and what uses it. */
  readonly file: string;
  readonly regions: readonly Region[];
}

/** Of the element-wise losses: the last, partial round, of up to sixteen float64. */
const ELEMENTS: Layout = {
  file: "scratchOfElements",
  regions: [
    { name: "PREDICTIONS", at: 0, bytes: 128 },
    { name: "TARGETS", at: 128, bytes: 128 },
    { name: "RESULTS", at: 256, bytes: 128 },
  ],
};

export const LAYOUTS: readonly Layout[] = [ELEMENTS];
