import type { Chart } from "./chart.ts";

/** A number with a bar behind it that is as long as its share of the column. */
export interface Measured {
  readonly text: string;
  /** 0 to 1. */
  readonly share: number;
}

/** A number on a ground that is the stronger the larger its share is. */
export interface Heated {
  readonly text: string;
  /** 0 to 1. */
  readonly heat: number;
}

export type Cell = string | Measured | Heated;

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One box of the page. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  /** How it is to be read, in a sentence or two. */
  readonly note: string;
  readonly charts: readonly Chart[];
  /** The same in numbers. */
  readonly table: Table;
}
