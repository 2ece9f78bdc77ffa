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

/** The options of wasm-loss evaluate that the form stands for. */
export const options = computed((): string[] => {
  const further = wordsOf(form.further.value);
  if (form.loss.value !== "cross-entropy") return ["--loss", form.loss.value, ...further];
  return [
    ...(form.input.value === "" ? [] : ["--input", form.input.value]),
    ...(form.worst.value === "" ? [] : ["--worst", form.worst.value]),
    ...(form.perClass.value ? ["--per-class"] : []),
    ...(form.confusion.value ? ["--confusion"] : []),
    ...(form.percentiles.value ? ["--percentiles"] : []),
    ...further,
  ];
});
