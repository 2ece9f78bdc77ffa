import { Bench } from "tinybench";
import type { Candidate } from "./candidates.ts";
import { elsewhere } from "./elsewhere.ts";
import type { Result } from "./operations/operation.ts";

/** A sample is at least this long: reading the clock costs some tens of nanoseconds. */
const SAMPLE_MS = 0.05;
const WARM_UP_MS = 100;
const WARM_UP_CALLS = 3;

/** Times of a call in one stretch of calls, ms. */
export interface Slice {
  readonly median: number;
  readonly minimum: number;
}

let sink = 0;

/** A number of each result, so that no engine can leave a call out. */
export function keep(result: Result): void {
  sink += typeof result === "number" ? result : "loss" in result ? result.loss : result[0];
}

export function sunk(): number {
  return sink;
}

/** `calls` calls in a row. */
function repeat({ call, asynchronous }: Candidate, calls: number): () => void | Promise<void> {
  if (asynchronous) {
    return async () => {
      for (let i = 0; i < calls; i++) keep(await call());
    };
  }
  const now = call as () => Result;
  return () => {
    for (let i = 0; i < calls; i++) keep(now());
  };
}

/** Runs until the engine has compiled it for good, or long enough. Returns the calls a sample is to be made of. */
export async function warmUp(candidate: Candidate): Promise<number> {
  const end = performance.now() + WARM_UP_MS;
  let begin = 0;
  let batch = 0;
  for (let calls = 0; calls < WARM_UP_CALLS || performance.now() < end; calls += batch) {
    batch = Math.max(1, calls);
    begin = performance.now();
    await repeat(candidate, batch)();
  }
  return Math.max(1, Math.ceil((SAMPLE_MS * batch) / (performance.now() - begin)));
}

/** As many samples of so many calls as fit into `time` ms, `samples` at least. */
export async function timeSlice(candidate: Candidate, calls: number, time: number, samples = 1): Promise<Slice> {
  const bench = new Bench({ time, iterations: samples, warmup: false, throws: true });
  bench.add(candidate.name, repeat(candidate, calls));
  const [{ result }] = candidate.asynchronous ? await bench.run() : elsewhere(() => bench.runSync());
  if (result.state !== "completed") throw new Error(`${candidate.name} was not timed: ${result.state}`);
  return { median: result.latency.p50 / calls, minimum: result.latency.min / calls };
}
