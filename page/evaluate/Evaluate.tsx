import { signal } from "@preact/signals";
import { JobView } from "../JobView.tsx";
import { Downloads } from "./Downloads.tsx";
import { chosen, FilePicker } from "./FilePicker.tsx";
import { OptionsForm } from "./OptionsForm.tsx";
import { Report } from "./Report.tsx";
import { evaluate, evaluateDigits, evaluation } from "./run.ts";

/** Whether the form of options is open. */
const optionsOpen = signal(false);

export function Evaluate() {
  const { value: now } = evaluation.state;
  const isBusy = now.kind === "running";
  return (
    <>
      <section class="wide-section" aria-labelledby="evaluate-title">
        <h2 id="evaluate-title">Logits and labels</h2>
        <p>
          From npy, npz, safetensors, csv, jsonl or Parquet files of any size: read piece by piece, here. Logits of two
          models are compared, with labels or without. States of <code>wasm-loss evaluate --state</code> are merged.
        </p>
        <FilePicker disabled={isBusy} />
        <details
          open={optionsOpen.value}
          onToggle={(event) => {
            optionsOpen.value = event.currentTarget.open;
          }}
        >
          <summary>Options</summary>
          <OptionsForm />
        </details>
        <div class="actions">
          <button type="button" class="main" disabled={isBusy || chosen.value.length === 0} onClick={evaluate}>
            Evaluate
          </button>
          <button type="button" disabled={isBusy} onClick={evaluateDigits}>
            Try the digits
          </button>
        </div>
        <JobView of={evaluation} done="Done: the report is below." />
      </section>
      {now.kind === "done" && (
        <>
          <Report evaluated={now.result} />
          <Downloads evaluated={now.result} />
        </>
      )}
    </>
  );
}
