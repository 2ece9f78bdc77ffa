// The entries' digests, the same in every engine, for every backend and any number of threads.

import { openLosses } from "../../src/inlinedLosses.ts";
import type { LossesOptions } from "../../src/losses.ts";
import { SHARE_ALL } from "../backends.ts";
import { mulberry32 } from "../inputs.ts";
import { Digest } from "./digest.ts";
import { ENTRIES } from "./entries.ts";

/** One line of the table: how it ran, and what came out. */
export interface Line {
  readonly backend: string;
  /** Asked for, and got. */
  readonly threads: number;
  readonly got: number;
  /** Of the digests of the entries. */
  readonly digest: string;
  readonly values: number;
  /** By the entries' names. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Every way in which the workload runs. */
export const RUNS: readonly LossesOptions[] = [
  { backend: "js" },
  { backend: "wasm", threads: 1 },
  { backend: "wasm", threads: 2 },
  { backend: "wasm", threads: 4 },
];

/** A seed of an entry's own. */
function seedOf(name: string): number {
  let seed = 2026;
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193);
  return seed;
}

/** The workload in one way; `onEntry` is told how many entries are done, and may wait or throw. */
export async function runWorkload(
  options: LossesOptions,
  onEntry: (done: number) => void | Promise<void> = () => {},
): Promise<Line> {
  const losses = await openLosses(options, SHARE_ALL);
  const entries: Record<string, string> = {};
  let values = 0;
  for (const entry of ENTRIES) {
    const digest = new Digest();
    await entry.run(losses, digest, mulberry32(seedOf(entry.name)));
    entries[entry.name] = String(digest);
    values += digest.values;
    await onEntry(Object.keys(entries).length);
  }
  const { backend, threads: got } = losses;
  losses.close();
  const all = new Digest();
  all.add(entries);
  return { backend, threads: (options.threads as number) ?? 1, got, digest: String(all), values, entries };
}

/** The workload in every backend. */
export async function digests(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const options of RUNS) lines.push(await runWorkload(options));
  return lines;
}
