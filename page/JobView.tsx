import { type Signal, signal } from "@preact/signals";
import type { Reached } from "../src/cli/pace.ts";
import { Cancelled, type Connection, connect, type Job } from "./job.ts";
import { Progress } from "./Progress.tsx";

type State<Result> =
  | { readonly kind: "idle" | "cancelled" }
  | { readonly kind: "running"; readonly begin: number; readonly reached: Reached | undefined }
  | { readonly kind: "failed"; readonly sentence: string }
  | { readonly kind: "done"; readonly result: Result };

export interface Running<Result> {
  readonly state: Signal<State<Result>>;
  run(makeRequest: () => unknown): Promise<void>;
  cancel(): void;
}

/** Jobs of one worker, one at a time, whose script is loaded when the first one is asked for, or at once. */
export function running<Result>(script: string, atOnce = false): Running<Result> {
  const state = signal<State<Result>>({ kind: "idle" });
  let connection: Connection | undefined = atOnce ? connect(script) : undefined;
  let job: Job<Result> | undefined;
  let isCancelled = false;
  return {
    state,
    async run(makeRequest) {
      const begin = performance.now();
      isCancelled = false;
      state.value = { kind: "running", begin, reached: undefined };
      try {
        const request = await makeRequest();
        if (isCancelled) throw new Cancelled();
        connection ??= connect(script);
        job = connection.start<Reached, Result>(request, (reached) => {
          state.value = { kind: "running", begin, reached };
        });
        state.value = { kind: "done", result: await job.result };
      } catch (error) {
        state.value =
          error instanceof Cancelled ? { kind: "cancelled" } : { kind: "failed", sentence: (error as Error).message };
      } finally {
        job = undefined;
      }
    },
    cancel() {
      isCancelled = true;
      job?.cancel();
    },
  };
}

/** How a job is: its progress and a button that ends it, then a word on how it ended. */
export function JobView<Result>({ of, done }: { of: Running<Result>; done: string }) {
  const { value: now } = of.state;
  return (
    <>
      {now.kind === "running" && (
        <>
          <Progress reached={now.reached} begin={now.begin} />
          <div class="actions">
            <button type="button" onClick={of.cancel}>
              Cancel
            </button>
          </div>
        </>
      )}
      <div role="status">
        {now.kind === "cancelled" && <p>Cancelled.</p>}
        {now.kind === "done" && <p class="quiet">{done}</p>}
      </div>
      <div role="alert">{now.kind === "failed" && <p class="failure">{now.sentence}</p>}</div>
    </>
  );
}
