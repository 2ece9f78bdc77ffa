import type { Evaluated } from "../workers/evaluate.ts";

/** Lets the browser save a file that is made here. */
export function save(name: string, type: string, data: string | Uint8Array): void {
  const url = URL.createObjectURL(new Blob([data as BlobPart], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // the browser has taken it by then
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function Downloads({ evaluated: { report, json, state, command } }: { evaluated: Evaluated }) {
  return (
    <section class="wide-section" aria-labelledby="downloads-title">
      <h2 id="downloads-title">To keep</h2>
      <div class="actions">
        <button type="button" onClick={() => save("report.html", "text/html", report)}>
          Report
        </button>
        <button type="button" onClick={() => save("evaluation.json", "application/json", json)}>
          JSON
        </button>
        <button type="button" onClick={() => save("evaluation.acc", "application/octet-stream", state)}>
          State
        </button>
      </div>
      <p>
        The same on the command line: <code>{command}</code>
      </p>
    </section>
  );
}
