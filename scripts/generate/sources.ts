import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CONSTANTS } from "../../src/descriptions/constants.ts";
import { ELEMENTWISE } from "../../src/descriptions/elementwise.ts";
import { FUNCTIONS, KERNELS } from "../../src/descriptions/list.ts";
import { OPTIMIZERS } from "../../src/descriptions/optimizers.ts";
import { assemblyConstants } from "./assemblyConstants.ts";
import { tableOf } from "./constantTable.ts";
import { elementwiseLoops } from "./elementwiseLoops.ts";
import { entryPoints } from "./entryPoints.ts";
import { callsByArity, elementwiseCalls, kernelCalls, loopTypes, optimizerCalls } from "./kernelCalls.ts";
import { updateLoops } from "./updateLoops.ts";

/** Writes what follows from the descriptions: assembly/generated/ and src/generated/. */
export function generateSources(root: string): void {
  const files = {
    "assembly/generated": {
      ...Object.fromEntries(assemblyConstants()),
      entryPoints: entryPoints(KERNELS, ELEMENTWISE),
      functionEntryPoints: entryPoints(FUNCTIONS, []),
    },
    "src/generated": {
      kernels: kernelCalls(KERNELS),
      functionCalls: kernelCalls(FUNCTIONS),
      elementwiseCalls: elementwiseCalls(ELEMENTWISE),
      optimizerCalls: optimizerCalls(OPTIMIZERS),
      loopTypes: loopTypes({ KernelLoops: KERNELS, FunctionLoops: FUNCTIONS }),
      invoke: callsByArity([...KERNELS, ...FUNCTIONS]),
      elementwise: elementwiseLoops(ELEMENTWISE),
      updates: updateLoops(KERNELS),
      table: tableOf(CONSTANTS),
    },
  };
  for (const [folder, sources] of Object.entries(files)) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(root, folder, `${name}.ts`), text);
  }
}
