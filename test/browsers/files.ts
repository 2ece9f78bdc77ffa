// The files of dist/ in a page without a bundler, under the Content-Security-Policy of the page's folder.

import { expect, test } from "vitest";
import type { Losses, LossesOptions } from "../../src/inlinedLosses.ts";

interface Expected {
  /** null: WebAssembly. */
  readonly refusal: RegExp | null;
  /** Why a module that is given by its address can't be read. */
  readonly unread?: RegExp;
  /** Threads of the inlined worker, and of one that is given by its URL. */
  readonly inlined: 1 | 2;
  readonly given: 1 | 2;
}

const POLICIES: Readonly<Record<string, Expected>> = {
  isolated: { refusal: null, inlined: 2, given: 2 },
  self: { refusal: /^WebAssembly is refused here \(.+\)$/, inlined: 1, given: 1 },
  wasm: { refusal: null, inlined: 1, given: 2 },
  noWorker: { refusal: null, inlined: 1, given: 1 },
  blobWorker: { refusal: null, inlined: 2, given: 1 },
  trusted: { refusal: null, inlined: 1, given: 1 },
  offline: { refusal: null, unread: /fetch/, inlined: 2, given: 2 },
  // a frame of no origin is isolated in Firefox, not in Chromium; a worker of its own address is of another origin
  sandbox: { refusal: null, inlined: crossOriginIsolated ? 2 : 1, given: 1 },
};

const folder = location.pathname.split("/")[1];
const { refusal, unread, inlined, given } = POLICIES[folder];

const { createLosses } = await import(new URL("dist/browser.js", location.href).href);
/** Names of the files of dist/shared/ that are loaded at once, without their hashes. */
const loaded = performance
  .getEntriesByType("resource")
  .filter(({ name }) => name.includes("/dist/shared/"))
  .map(({ name }) => name.replace(/^.*\/|-.*$/g, ""));

test("no more is loaded than is used", () => {
  expect(loaded.length).toBeGreaterThan(0);
  for (const name of ["given", "openJs", "openThreads", "relaxed", "stream"]) expect(loaded).not.toContain(name);
});

const logits = Float32Array.from({ length: 200_000 }, (_, i) => ((i * 7919) % 1009) / 100);
const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 100);

async function open(options: LossesOptions) {
  const losses: Losses = await createLosses(options);
  const { backend, threads, notes } = losses;
  const loss = losses.crossEntropy(logits, labels, { classes: 100 });
  losses.close();
  return { backend, threads, notes, loss };
}

const wanted = (await open({ backend: "js" })).loss;

test.each([
  ["what is inlined", {}, inlined],
  ["strings", { wasm: "strict.wasm", worker: "worker.js" }, given],
  ["URLs", { wasm: new URL("strict.wasm", location.href), worker: new URL("worker.js", location.href) }, given],
] as const)("%s: what the policy lets run, and a note of what it refuses", async (_, files, most) => {
  for (const threads of [1, 2]) {
    if ("wasm" in files && unread !== undefined) {
      await expect(open({ ...files, threads })).rejects.toThrow(/^createLosses: wasm: .+$/);
      await expect(open({ ...files, threads })).rejects.toThrow(unread);
      continue;
    }
    const engine = await open({ ...files, threads });
    const fewer = refusal !== null || threads > most;
    const backend = refusal === null ? "wasm" : "js";
    expect(engine).toMatchObject({ backend, threads: fewer ? 1 : threads, loss: wanted });
    expect(engine.notes).toHaveLength(Number(refusal !== null) + Number(fewer && threads > 1));
    const wasm = open({ ...files, threads, backend: "wasm" });
    if (refusal === null) {
      expect(await wasm).toEqual(engine);
      continue;
    }
    const [, reason] = /^backend: (.*); the JavaScript loops run\.$/.exec(engine.notes[0]) ?? [];
    expect(reason).toMatch(refusal);
    await expect(wasm).rejects.toThrow(`createLosses: backend is "wasm", but ${reason}`);
  }
});
