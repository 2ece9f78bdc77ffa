import { domainOf } from "../../src/descriptions/domains.ts";
import { checks, kernelOf, weightedKernelOf } from "../../src/descriptions/elementwiseKernels.ts";
import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import { parametersOf } from "./entryPoints.ts";

const capitalized = (name: string) => name[0].toUpperCase() + name.slice(1);
const classOf = ({ kernel }: ElementwiseLoss) => capitalized(kernel);
const checkOf = (loss: ElementwiseLoss) => capitalized(domainOf(loss).check ?? "unchecked");

/** Options of a loss that the templates take: 0 where a loss has fewer. */
const TEMPLATE_OPTIONS = 2;

/** The entry points of a loss in a dtype. */
export function elementwiseEntries(loss: ElementwiseLoss, dtype: string): string[] {
  const { kernel, options } = loss;
  const names = options.map(({ name }) => name);
  if (names.length > TEMPLATE_OPTIONS) {
    throw new Error(`${kernel} has ${names.length} options, but a loss may have ${TEMPLATE_OPTIONS}`);
  }
  const numbers = ["count", "scale", ...names];
  const given = [...numbers, ...new Array(TEMPLATE_OPTIONS - names.length).fill("0"), "scratch"];
  const types = `${classOf(loss)}, ${checkOf(loss)}, ${dtype}`;
  const plain = `${kernel}_${dtype}`;
  const weighted = weightedKernelOf(loss);
  // a block at a time: each loss goes to scratch, what is refused of elements of weight 0 is not looked at
  const masks = checks(loss);
  const [p, t] = masks
    ? ["PREDICTIONS", "TARGETS"].map((region) => `displaced<${dtype}>(scratch + ${region}, block)`)
    : ["predictions", "targets"];
  const mask = `    maskBlock<${dtype}>(block, count, predictions, targets, sampleWeight, scratch);\n`;
  const each = `displaced<${dtype}>(scratch + LOSSES, block)`;
  const own = [p, t, each, "grad", masks ? "sums" : "0", ...numbers, "scratch"].join(", ");
  return [
    `export function ${plain}(${parametersOf(kernelOf(loss))}): void {
  ${loss.staged ? "staged" : "elementwise"}<${types}>(begin, end, predictions, targets, losses, grad, sums, ${given.join(", ")});
}
`,
    `export function ${weighted.name}_${dtype}(${parametersOf(weighted)}): void {
  for (let block = begin; block < end; block++) {
${masks ? mask : ""}    ${plain}(block, block + 1, ${own});
    weighBlock<${dtype}>(${masks}, block, count, sampleWeight, losses, grad, sums, scratch);
  }
}
`,
  ];
}

/** What they import. */
export function elementwiseImports(losses: readonly ElementwiseLoss[]): string[] {
  const checked = [...new Set(losses.map(checkOf))];
  return [
    'import { displaced, maskBlock, weighBlock } from "../elementwise/blocks";',
    `import { ${checked.join(", ")} } from "../elementwise/checks";`,
    `import { ${losses
      .filter(({ staged }) => !staged)
      .map(classOf)
      .join(", ")} } from "../elementwise/losses";`,
    'import { staged } from "../elementwise/staged";',
    `import { ${losses
      .filter(({ staged }) => staged)
      .map(classOf)
      .join(", ")} } from "../elementwise/stagedLosses";`,
    'import { elementwise } from "../elementwise/template";',
    'import { LOSSES, PREDICTIONS, TARGETS } from "./scratchOfElements";',
  ];
}
