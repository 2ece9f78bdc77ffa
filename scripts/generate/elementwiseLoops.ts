import { readFileSync } from "node:fs";
import type { ElementwiseLoss } from "../../src/descriptions/elementwise.ts";

const TEMPLATE = new URL("../../src/kernels/elementwise/template.ts", import.meta.url);

const HEAD = `import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import type { FloatArray } from "../dtype.ts";
import { addRoundF32, addRoundF64, laneSumF32, laneSumF64, ROUND } from "../kernels/elementwise/rounds.ts";
import type { Scratch } from "../kernels/scratch.ts";

const round = Math.fround;
`;

/**
 * The JavaScript loops of the element-wise losses: the template's text once a loss and dtype, with the formula in it. A loop
 * that calls a formula handed to it takes 3 to 5 times as long: V8 must see a loop of its own for each formula.
 */
export function elementwiseLoops(losses: readonly ElementwiseLoss[]): string {
  const template = readFileSync(TEMPLATE, "utf8");
  const body = template.slice(template.indexOf("/** Block sums"));
  const loops = losses.flatMap((loss) => [float32(body, loss), float64(float32(body, loss)), choosing(loss)]);
  return [HEAD, ...loops].join("\n");
}

/** The template with the formula of a loss. */
function float32(body: string, { kernel, options, javascript }: ElementwiseLoss): string {
  const { terms, loss, slope } = javascript;
  const parameters = options.map(({ name }) => `  ${name}Option: number,\n`).join("");
  const rounded = options.map(({ name }) => `\n  const ${name} = round(${name}Option);`).join("");
  return body
    .replace("export function elementwise", `function ${kernel}F32`)
    .replace("  scratch: Scratch", `${parameters}  scratch: Scratch`)
    .replace(/ \/\/ options/, rounded)
    .replace(/const d = .*\/\/ terms/, terms)
    .replace(/round\(d \* d\); \/\/ loss/, `${loss};`)
    .replace(/round\(d \* factor\); \/\/ slope/, `round(${slope} * factor);`);
}

/** The same in float64, which rounds by itself. */
function float64(text: string): string {
  return text
    .replace(/\bround(?=\()/g, "")
    .replaceAll("F32", "F64")
    .replaceAll("f32", "f64")
    .replaceAll("Float32Array", "Float64Array");
}

/** The loop of either dtype. */
function choosing({ kernel, options }: ElementwiseLoss): string {
  const names = options.map(({ name }) => name);
  const call = (dtype: "F32" | "F64", type: string) => {
    const arrays = [`predictions as ${type}, targets as ${type}`, `losses as ${type} | null, grad as ${type} | null`];
    return `${kernel}${dtype}(${["begin, end", ...arrays, "sums, count, scale", ...names, "scratch"].join(", ")})`;
  };
  return `export function ${kernel}(
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  losses: FloatArray | null,
  grad: FloatArray | null,
  sums: Float64Array | null,
  count: number,
  scale: number,
${names.map((name) => `  ${name}: number,\n`).join("")}  scratch: Scratch,
): void {
  if (predictions instanceof Float32Array) ${call("F32", "Float32Array")};
  else ${call("F64", "Float64Array")};
}
`;
}
