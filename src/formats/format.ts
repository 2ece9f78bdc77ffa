import type { ByteSource } from "./bytes.ts";
import type { OpenOptions } from "./openOptions.ts";
import type { Tensor } from "./tensor.ts";

/** What a file tells beside its rows. */
export interface Figures {
  /** Share of the rows whose label is the choice of the largest log-likelihood a letter (acc_norm). */
  readonly normalizedAccuracy: number;
}

/** Logits (or predictions) and labels (or targets) of one file. */
export interface Both {
  readonly logits: Tensor;
  readonly labels: Tensor;
  /** Further figures of the file. */
  readonly figures?: Figures;
}

/** A format of files. What is in formatList.ts is read wherever a file is named. */
export interface Format {
  /** As messages call it. */
  readonly name: string;
  /** What the names of such files end with, in lower case. */
  readonly extensions: readonly string[];
  /** What a file that does not begin so can't be, whatever its name: `an archive`; other formats tell themselves what is wrong. */
  readonly needsBegin?: string;
  /** Whether it is text: other formats refuse that. */
  readonly isText?: boolean;
  /** Whether a file with these first bytes, at most SNIFFED_BYTES, is one. */
  begins(bytes: Uint8Array): boolean;
  /** Opens one array. It closes the source where it is done with it, unless it throws. */
  open(source: ByteSource, options: OpenOptions): Promise<Tensor>;
  /** Opens the logits and the labels of a file whose rows hold both, which is read once. */
  openBoth?(source: ByteSource, logits: OpenOptions, labels: OpenOptions): Promise<Both>;
  /** Whether its end, or what is anywhere in it, is read first. */
  readonly isReadAnywhere?: boolean;
  /** Whether a file always holds logits and labels, and nothing else. */
  readonly isOfBoth?: boolean;
  /** Whether a file holds arrays by name: both are then opened one by one. */
  readonly hasNames?: boolean;
}

/** A format whose code is loaded with the first file of it: who has none does without. */
export function loadedLater(
  about: Omit<Format, "open" | "openBoth">,
  load: () => Promise<Required<Pick<Format, "open" | "openBoth">>>,
): Format {
  return {
    ...about,
    open: async (...given) => (await load()).open(...given),
    openBoth: async (...given) => (await load()).openBoth(...given),
  };
}

/** Whether bytes begin with these. */
export function startsWith(bytes: ArrayLike<number>, begin: readonly number[]): boolean {
  return begin.every((byte, i) => bytes[i] === byte);
}
