import { domainOf } from "./domains.ts";
import type { ElementwiseLoss } from "./elementwiseLoss.ts";
import { BOTH, count, type Description, input, optional, output, partials, real, scratch } from "./kernel.ts";

// The kernels of an element-wise loss: one template filled in (assembly/elementwise/template.ts,
// scripts/generate/elementwiseLoops.ts).

/** Whether the kernel looks for values that the loss does not take. */
export const checks = (loss: ElementwiseLoss) => domainOf(loss).check !== undefined;

/** The kernel of a loss: sums a block, each loss and the gradient (scale times the slope), whichever are asked for. */
export function kernelOf(loss: ElementwiseLoss): Description {
  const { kernel, formula, slope, options, tolerance } = loss;
  return {
    name: kernel,
    formula: `Σ ${formula}; gradient ${slope} scale`,
    unit: "block",
    dtypes: BOTH,
    parameters: [
      input("predictions", "block"),
      input("targets", "block"),
      optional(output("losses", "block")),
      optional(output("grad", "block")),
      // and the number of the first element that is refused, or -1
      optional(partials("sums", checks(loss) ? 2 : 1)),
      count,
      real("scale"),
      ...options.map(({ name }) => real(name)),
      scratch,
    ],
    tolerance,
    module: loss.staged ? "elementwise/stagedLosses" : "elementwise/losses",
    template: true,
  };
}

const sampleWeight = input("sampleWeight", "block");

/** The same with a weight for each element: losses, sum and gradient times it. */
export function weightedKernelOf(loss: ElementwiseLoss): Description {
  const { name, formula, parameters, ...rest } = kernelOf(loss);
  const [predictions, targets, ...others] = parameters;
  return {
    ...rest,
    name: weightedName(name),
    formula: `times s: ${formula}`,
    parameters: [predictions, targets, sampleWeight, ...others],
  };
}

export const weightedName = (kernel: string) => `${kernel}Weighted`;

/** Looks at the weights before a loss does: a mean's gradient is divided by their sum. */
export const sampleWeights: Description = {
  name: "sampleWeights",
  formula: "Σ s; first s not >= 0",
  unit: "block",
  dtypes: BOTH,
  parameters: [sampleWeight, partials("sums", 2), count, scratch],
  tolerance: { f32: "2^-23", f64: "2^-46" },
  module: "elementwise/sampleWeights",
};
