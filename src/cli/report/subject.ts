/** What is evaluated, as title and subtitle say it. */
export interface Subject {
  /** `logits.npy`, `3 states`. */
  readonly of: string;
  /** `the labels in labels.npy`; undefined of states. */
  readonly against?: string;
}

export const subtitle = ({ against }: Subject, size: string) =>
  `${against === undefined ? "" : `Against ${against}: `}${size}`;
