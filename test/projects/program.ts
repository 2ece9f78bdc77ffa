// What every project runs. It is copied into them without its types, and imports nothing.

import type { Losses, LossesOptions } from "../../src/index.node.ts";

/** 2000 rows: enough to be shared out among threads. */
export const classes = 100;
export const logits = Float32Array.from({ length: 2000 * classes }, (_, i) => ((i * 7919) % 1009) / 100);
export const labels = Int32Array.from({ length: 2000 }, (_, i) => i % classes);
export const predictions = Float64Array.from({ length: 100_000 }, (_, i) => ((i * 31) % 997) / 7);
export const targets = Float64Array.from({ length: 100_000 }, (_, i) => ((i * 17) % 1013) / 7);

export type Values = Record<"crossEntropy" | "gradient" | "softmax" | "mse" | "perplexity" | "plainLabels", number>;

/** The same on every backend, to the bit. */
export function valuesOf(losses: Losses): Values {
  const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes });
  return {
    crossEntropy: loss,
    gradient: grad[0],
    softmax: losses.softmax(logits, { classes })[classes],
    mse: losses.mse(predictions, targets),
    perplexity: losses.evaluate(logits, labels, { classes }).perplexity,
    plainLabels: losses.crossEntropy(logits, [...labels], { classes }),
  };
}

/** What is wrong with one thread and with as many as there are cores: sentences, none where all is right. */
export async function faultsOf(
  createLosses: (options: LossesOptions) => Promise<Losses>,
  wanted: Values,
  cores: number,
): Promise<string[]> {
  const faults: string[] = [];
  for (const threads of [1, "auto"] as const) {
    try {
      const losses = await createLosses({ threads });
      const { backend, notes } = losses;
      const got = JSON.stringify({ backend, threads: losses.threads, notes, ...valuesOf(losses) });
      const right = JSON.stringify({ backend: "wasm", threads: threads === 1 ? 1 : cores, notes: [], ...wanted });
      if (got !== right) faults.push(`threads ${threads}: got ${got}, not ${right}`);
      losses.close();
    } catch (error) {
      faults.push(`threads ${threads}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return faults;
}
