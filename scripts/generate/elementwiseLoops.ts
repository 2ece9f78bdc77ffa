import { readFileSync } from "node:fs";
import { CHECKS, type Domain, domainOf } from "../../src/descriptions/domains.ts";
import { checks, kernelOf, weightedKernelOf } from "../../src/descriptions/elementwiseKernels.ts";
import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import type { Description } from "../../src/descriptions/kernel.ts";
import { loopParameters } from "./kernelCalls.ts";

const TEMPLATE = new URL("../../src/kernels/elementwise/template.ts", import.meta.url);

/** Where the functions of formulas are; their names end in F32 there, or F64. */
const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  "elementwise/rounds.ts": ["times"],
  "functions/fineExp.ts": ["expm1", "fineExp"],
  "functions/logistic.ts": ["decay", "log1pUnit", "logisticOf"],
  "functions/naturalLog.ts": ["ln", "log1p"],
};

function functionImports(): string {
  const imports = Object.entries(FUNCTIONS).map(([file, names]) => {
    return `import { ${names.flatMap((name) => [`${name}F32`, `${name}F64`]).join(", ")} } from "../kernels/${file}";\n`;
  });
  return imports.join("");
}

const HEAD = `import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import type { FloatArray } from "../dtype.ts";
import { addRoundF32, addRoundF64, laneSumF32, laneSumF64, ROUND } from "../kernels/elementwise/rounds.ts";
import { report, weigh } from "../kernels/elementwise/weigh.ts";
${functionImports()}import type { Scratch } from "../kernels/scratch.ts";

const round = Math.fround;
`;

/**
 * The JavaScript loops of the element-wise losses: the template's text once a loss and dtype, with the formula in it. A loop
 * that calls a formula handed to it takes 3 to 5 times as long: V8 must see a loop of its own for each formula.
 */
export function elementwiseLoops(losses: readonly ElementwiseLoss[]): string {
  const template = readFileSync(TEMPLATE, "utf8");
  const body = template.slice(template.indexOf("/** Block sums"));
  const loops = losses.flatMap((loss) => {
    const text = float32(body, loss);
    return [text, float64(text), choosing(loss), weighing(loss)];
  });
  const used = Object.entries(CHECKS).filter(([name]) => losses.some((loss) => domainOf(loss).check === name));
  return [HEAD, ...used.map(refusing), ...loops].join("\n");
}

const looksAtPredictions = (condition: string) => /\bp\b/.test(condition);

/** The number of the first element that a check refuses, or -1. */
function refusing([name, condition]: [string, string]): string {
  const arrays = looksAtPredictions(condition) ? "predictions: FloatArray, targets: FloatArray" : "targets: FloatArray";
  return `function ${name}(${arrays}, begin: number, end: number): number {
  for (let i = begin; i < end; i++) {
    if (${condition.replace(/\bp\b/g, "predictions[i]").replace(/\bt\b/g, "targets[i]")}) return i;
  }
  return -1;
}
`;
}

/** The template with the formula of a loss. */
function float32(body: string, loss: ElementwiseLoss): string {
  const { kernel, options, javascript } = loss;
  const parameters = options.map(({ name }) => `  ${name}Option: number,\n`).join("");
  const formula = Object.values(javascript).join(" ");
  const read = options.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(formula));
  const constants = [
    ...read.map(({ name }) => `const ${name} = round(${name}Option);`),
    ...(javascript.constants === undefined ? [] : [javascript.constants]),
  ];
  return withCheck(body, domainOf(loss))
    .replace("export function elementwise", `function ${kernel}F32`)
    .replace("  scratch: Scratch", `${parameters}  scratch: Scratch`)
    .replace(/ \/\/ options/, constants.map((line) => `\n  ${line}`).join(""))
    .replace(/const d = .*\/\/ terms/, () => javascript.terms)
    .replace(/round\(d \* d\); \/\/ loss/, () => `${javascript.loss};`)
    .replace(/round\(d \* factor\); \/\/ slope/, () => `round(${javascript.slope} * factor);`);
}

/** The lines that look for what a loss refuses, before the gradient may overwrite it. */
function withCheck(body: string, { check }: Domain): string {
  if (check === undefined) return body.replace(/ \/\/ (check|report)/g, "");
  const ofPredictions = looksAtPredictions(CHECKS[check]);
  const arrays = ofPredictions ? "predictions, targets" : "targets";
  const look = `\n    const refused = ${check}(${arrays}, block * BLOCK_ELEMENTS, stop);`;
  return body
    .replace(/ \/\/ check/, ofPredictions ? `${look}\n    const found = predictions[refused];` : look)
    .replace(
      /sums\[block\] = (.*); \/\/ report/,
      `report(sums, block, ${ofPredictions ? "refused < 0 ? $1 : found" : "$1"}, refused);`,
    );
}

/** The same in float64, which rounds by itself. */
function float64(text: string): string {
  return text
    .replace(/(?<!\.)\bround(?=\()/g, "")
    .replaceAll("F32", "F64")
    .replaceAll("f32", "f64")
    .replaceAll("Float32Array", "Float64Array");
}

function declaration(description: Description): string {
  const lines = loopParameters(description).map((parameter) => `  ${parameter},\n`);
  return `export function ${description.name}(\n  begin: number,\n  end: number,\n${lines.join("")}): void {`;
}

/** The loop of either dtype. */
function choosing(loss: ElementwiseLoss): string {
  const names = loss.options.map(({ name }) => name);
  const call = (dtype: "F32" | "F64", type: string) => {
    const arrays = [`predictions as ${type}, targets as ${type}`, `losses as ${type} | null, grad as ${type} | null`];
    return `${loss.kernel}${dtype}(${["begin, end", ...arrays, "sums, count, scale", ...names, "scratch"].join(", ")})`;
  };
  return `${declaration(kernelOf(loss))}
  if (predictions instanceof Float32Array) ${call("F32", "Float32Array")};
  else ${call("F64", "Float64Array")};
}
`;
}

/** That of weighted elements. */
function weighing(loss: ElementwiseLoss): string {
  const arrays = "predictions, targets, sampleWeight, losses, grad, sums";
  const numbers = ["scale", ...loss.options.map(({ name }) => name)].join(", ");
  return `${declaration(weightedKernelOf(loss))}
  weigh(${loss.kernel}, ${checks(loss)}, begin, end, ${arrays}, count, [${numbers}], scratch);
}
`;
}
