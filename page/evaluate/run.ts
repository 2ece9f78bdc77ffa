import { signal } from "@preact/signals";
import type { Reached } from "../../src/cli/pace.ts";
import { Cancelled, connect, type Job } from "../job.ts";
import type { Evaluated, EvaluateRequest } from "../workers/evaluate.ts";
import { add, chosen } from "./FilePicker.tsx";
import { options } from "./options.ts";

type State =
  | { readonly kind: "idle" | "cancelled" }
  | { readonly kind: "running"; readonly begin: number; readonly reached: Reached | undefined }
  | { readonly kind: "failed"; readonly sentence: string }
  | { readonly kind: "done"; readonly evaluated: Evaluated };

export const state = signal<State>({ kind: "idle" });

// started with the page, so that all that it needs is there before a file is
const connection = connect("evaluate.js");
let job: Job<Evaluated> | undefined;

async function run(makeRequest: () => Promise<EvaluateRequest> | EvaluateRequest): Promise<void> {
  const begin = performance.now();
  state.value = { kind: "running", begin, reached: undefined };
  try {
    job = connection.start<Reached, Evaluated>(await makeRequest(), (reached) => {
      state.value = { kind: "running", begin, reached };
    });
    state.value = { kind: "done", evaluated: await job.result };
  } catch (error) {
    state.value =
      error instanceof Cancelled ? { kind: "cancelled" } : { kind: "failed", sentence: (error as Error).message };
  } finally {
    job = undefined;
  }
}

const requestOf = (files: readonly File[]): EvaluateRequest => ({
  files,
  options: options.value,
  threads: crossOriginIsolated,
});

export const evaluate = () => run(() => requestOf(chosen.value));

export const cancel = () => job?.cancel();

/** Logits and labels of handwritten digits, the page's own. */
export const evaluateDigits = () =>
  run(async () => {
    const files = ["logits.npy", "labels.npy"].map(async (name) => {
      const response = await fetch(new URL(`digits/${name}`, document.baseURI));
      if (!response.ok) throw new Error(`digits/${name}: the server answered ${response.status}`);
      return new File([await response.blob()], name);
    });
    chosen.value = [];
    add(await Promise.all(files));
    return requestOf(chosen.value);
  });
