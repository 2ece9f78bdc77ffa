/** A plot as data: worked out where the page is written, drawn where it is read. All numbers are finite. */
export interface Chart {
  /** Of the element that it is drawn into. */
  readonly id: string;
  /** What it shows, for those who don't see it. */
  readonly label: string;
  /** In CSS pixels. */
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  /** Bars from 0 up, each as wide as its range. */
  readonly bars?: readonly Bar[];
  /** Points, rising in x. */
  readonly points?: readonly Point[];
  /** Whether the points are joined. */
  readonly joined?: boolean;
  /** A dashed line where y is x. */
  readonly diagonal?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly log?: boolean;
  /** Shares, written in percent. */
  readonly percent?: boolean;
}

/** `tip` is what is said where the pointer is. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly tip: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly tip: string;
}
