import { computed, signal } from "@preact/signals";

/** What the form says. */
export const form = {
  loss: signal("cross-entropy"),
  input: signal(""),
  worst: signal("20"),
  perClass: signal(false),
  confusion: signal(false),
  percentiles: signal(false),
  /** Further options, as one writes them on the command line. */
  further: signal(""),
};

/** Words of a command line: parted by spaces, unless they are quoted. */
export function wordsOf(text: string): string[] {
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** Options of the command line: what the form's boxes stand for, an option each, and what was written beside them. */
export interface Options {
  readonly boxes: readonly (readonly string[])[];
  readonly further: readonly string[];
}

export const options = computed((): Options => {
  const further = wordsOf(form.further.value);
  if (form.loss.value !== "cross-entropy") return { boxes: [["--loss", form.loss.value]], further };
  const boxes = [
    ...(form.input.value === "" ? [] : [["--input", form.input.value]]),
    ...(form.worst.value === "" ? [] : [["--worst", form.worst.value]]),
    ...(form.perClass.value ? [["--per-class"]] : []),
    ...(form.confusion.value ? [["--confusion"]] : []),
    ...(form.percentiles.value ? [["--percentiles"]] : []),
  ];
  return { boxes, further };
});
