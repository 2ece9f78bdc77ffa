/** An option that a loss takes as a number, and its bounds. */
export interface NumericOption {
  readonly name: string;
  readonly default: number;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
  /** It is true or false for a caller, 1 or 0 for the kernel. */
  readonly flag?: true;
}
