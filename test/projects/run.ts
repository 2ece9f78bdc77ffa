/**
 * `npm run test:projects`: the packed package in new projects as users make them, each with what it needs from the registry.
 * With a word behind it only the groups that have it in their name run.
 */
import { rmSync } from "node:fs";
import * as oracle from "../oracle.ts";
import { byLinters, inBundlers } from "./bundlers.ts";
import { inDocuments } from "./documents.ts";
import { inNode } from "./node.ts";
import { classes, labels, logits, predictions, targets, type Values, valuesOf } from "./program.ts";
import { pack, type Setting, type Tell } from "./project.ts";
import { inRunners } from "./runners.ts";
import { inTypeScript } from "./types.ts";

const GROUPS: Readonly<Record<string, (setting: Setting, tell: Tell) => Promise<void>>> = {
  node: inNode,
  types: inTypeScript,
  runners: inRunners,
  documents: inDocuments,
  bundlers: inBundlers,
  linters: byLinters,
};

let failures = 0;
const tell: Tell = (name, faults, right = "right") => {
  if (faults.length > 0) failures++;
  console.log(`${faults.length > 0 ? "FAIL" : "ok  "}  ${name}: ${faults.join("\n    ") || right}`);
};

/** What the program computes here in JavaScript, once the oracle says that it is right. */
async function wantedValues(): Promise<Values> {
  const { createLosses } = await import("../../src/index.node.ts");
  const losses = await createLosses({ backend: "js" });
  const values = valuesOf(losses);
  losses.close();
  const { loss, gradient } = oracle.crossEntropyOfLabels(logits, labels, { classes });
  const right: Values = {
    crossEntropy: loss,
    gradient: gradient[0],
    softmax: oracle.softmax(logits, classes)[classes],
    mse: oracle.elementwise("mse", predictions, targets).mean,
    perplexity: Math.exp(loss),
    plainLabels: loss,
  };
  for (const name of Object.keys(values) as (keyof Values)[]) {
    if (Math.abs(values[name] - right[name]) <= 4e-6 * Math.abs(right[name])) continue;
    tell(name, [`${values[name]} is computed, ${right[name]} is right`]);
  }
  return values;
}

const packed = pack();
try {
  const setting = { ...packed, wanted: await wantedValues() };
  for (const [name, group] of Object.entries(GROUPS)) {
    if (!name.includes(process.argv[2] ?? "")) continue;
    const begin = performance.now();
    await group(setting, tell);
    console.log(`      ${name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  }
} finally {
  rmSync(packed.work, { recursive: true, force: true });
}
if (failures > 0) process.exitCode = 1;
