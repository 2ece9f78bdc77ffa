import { running } from "../JobView.tsx";
import type { Evaluated, EvaluateRequest } from "../workers/evaluate.ts";
import { add, chosen } from "./FilePicker.tsx";
import { options } from "./options.ts";

/** Its worker is started with the page, so that all that it needs is there before a file is. */
export const evaluation = running<Evaluated>("evaluate.js", true);

const request = (): EvaluateRequest => ({ files: chosen.value, options: options.value, threads: crossOriginIsolated });

export const evaluate = () => evaluation.run(request);

/** Logits and labels of handwritten digits, the page's own. */
export const evaluateDigits = () =>
  evaluation.run(async () => {
    const files = ["logits.npy", "labels.npy"].map(async (name) => {
      const response = await fetch(new URL(`digits/${name}`, document.baseURI));
      if (!response.ok) throw new Error(`digits/${name}: the server answered ${response.status}`);
      return new File([await response.blob()], name);
    });
    chosen.value = [];
    add(await Promise.all(files));
    return request();
  });
