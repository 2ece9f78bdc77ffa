import { type Backend, NO_LABELS, type Reduce } from "../backends/backend.ts";
import type { IntegerArray } from "../dtype.ts";
import { type CheckLabelsArguments, checkLabels } from "../generated/kernels.ts";

/** So many labels are looked at here: handing them to the backend takes as long as 50 of them. */
const FEW = 64;

/** What is meant where rows have one logit and a target that is none of its class. */
export const ONE_LOGIT = "; one logit a row is binaryCrossEntropy's";

/** Finds labels out of range, before anything is written. */
export class LabelCheck {
  /** One object for every call, so that a call leaves none behind; emptied after each. */
  readonly #args: CheckLabelsArguments = { labels: NO_LABELS, classes: 0, ignoreIndex: 0 };
  #counted = 0;
  #bad = -1;
  readonly #take: Reduce = (report, _, first) => {
    if (report[0] >= 0 && this.#bad < 0) this.#bad = first + report[0];
    this.#counted += report[1];
  };

  /** Number of rows that are not ignored; throws at the first label out of range, counted from `firstRow`. */
  count(
    name: string,
    backend: Backend,
    labels: IntegerArray,
    classes: number,
    ignoreIndex: number,
    firstRow = 0,
  ): number {
    this.#counted = 0;
    this.#bad = -1;
    if (labels instanceof Int32Array && labels.length <= FEW) this.#look(labels, classes, ignoreIndex);
    else this.#run(backend, labels, classes, ignoreIndex);
    const bad = this.#bad;
    if (bad < 0) return this.#counted;
    throw new RangeError(
      `${name}: labels[${firstRow + bad}] is ${labels[bad]}, but classes is ${classes} (allowed 0..${classes - 1}, or ignoreIndex ${ignoreIndex})${classes === 1 ? ONE_LOGIT : ""}`,
    );
  }

  #look(labels: Int32Array, classes: number, ignoreIndex: number): void {
    for (let i = labels.length - 1; i >= 0; i--) {
      const label = labels[i];
      if (label === ignoreIndex) continue;
      this.#counted++;
      if (label < 0 || label >= classes) this.#bad = i;
    }
  }

  #run(backend: Backend, labels: IntegerArray, classes: number, ignoreIndex: number): void {
    const args = this.#args;
    args.labels = labels;
    args.classes = classes;
    args.ignoreIndex = ignoreIndex;
    try {
      backend.run(checkLabels, "f32", labels.length, args, 0, this.#take);
    } finally {
      args.labels = NO_LABELS;
    }
  }
}
