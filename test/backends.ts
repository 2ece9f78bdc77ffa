import { afterAll } from "vitest";
import { createLosses } from "../src/index.ts";
import "./relaxed.ts";

type LossesOptions = NonNullable<Parameters<typeof createLosses>[0]>;
export type Losses = Awaited<ReturnType<typeof createLosses>>;
export interface OpenBackend {
  name: string;
  losses: Losses;
}

/** Every suite loops over this list. */
export const backends: readonly { name: string; options: LossesOptions }[] = [
  { name: "wasm", options: { backend: "wasm" } },
  { name: "js", options: { backend: "js" } },
];

/** Not the same bits, but within the same tolerances: for suites that compare with the oracle. */
const relaxed: (typeof backends)[number] = { name: "relaxed wasm", options: { backend: "wasm", relaxed: true } };

/** One Losses a backend, shared by the tests of the calling file and closed after them. */
export async function openBackends(options: LossesOptions = {}, list = backends): Promise<OpenBackend[]> {
  const opened = await Promise.all(
    list.map(async (backend) => ({
      name: backend.name,
      losses: await createLosses({ ...options, ...backend.options }),
    })),
  );
  afterAll(() => {
    for (const { losses } of opened) losses.close();
  });
  return opened;
}

/** The same with the relaxed build. */
export const openWithRelaxed = () => openBackends({}, [...backends, relaxed]);
