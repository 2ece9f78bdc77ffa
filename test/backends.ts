import { afterAll } from "vitest";
import { TUNING, type Tuning } from "../src/backends/threads/threads.ts";
import { type Losses, type LossesOptions, openLosses } from "../src/inlinedLosses.ts";
import "./relaxed.ts";

export type { Losses };
export interface OpenBackend {
  name: string;
  losses: Losses;
}

/** Everything is shared out among threads, however small. */
export const SHARE_ALL: Tuning = {
  ...TUNING,
  smallestCall: { row: 0, stagedRow: 0, block: 0, stagedBlock: 0 },
  smallestStride: 1,
};

/** Milliseconds after which a worker that is right is given up: on a busy machine it may get no turn for long. */
export const PATIENT = 60_000;

/** Every suite loops over this list. */
export const backends: readonly { name: string; options: LossesOptions }[] = [
  { name: "wasm", options: { backend: "wasm" } },
  { name: "js", options: { backend: "js" } },
];

/** The same bits as one thread: for suites that compare bits, and so bring threads under the others' assertions. */
export const threaded: typeof backends = [
  ...backends,
  { name: "wasm, 3 threads", options: { backend: "wasm", threads: 3 } },
];

/** Not the same bits, but within the same tolerances: for suites that compare with the oracle. */
const relaxed: (typeof backends)[number] = { name: "relaxed wasm", options: { backend: "wasm", relaxed: true } };

/** One Losses a backend, shared by the tests of the calling file and closed after them. */
export async function openBackends(options: LossesOptions = {}, list = backends): Promise<OpenBackend[]> {
  const opened = await Promise.all(
    list.map(async (backend) => ({
      name: backend.name,
      losses: await openLosses({ ...options, ...backend.options }, SHARE_ALL),
    })),
  );
  afterAll(() => {
    for (const { losses } of opened) losses.close();
  });
  return opened;
}

/** The same with threads. */
export const openThreaded = () => openBackends({}, threaded);

/** The same with the relaxed build. */
export const openWithRelaxed = () => openBackends({}, [...backends, relaxed]);

/** The same with both. */
export const openAll = () => openBackends({}, [...threaded, relaxed]);
