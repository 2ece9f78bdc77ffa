import { readFileSync } from "node:fs";
import type { Description } from "../../src/descriptions/kernel.ts";

const FLOAT32 = new URL("../../src/kernels/optimizers/updates.ts", import.meta.url);

const HEAD = `import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import type { FloatArray } from "../dtype.ts";

`;

const isArray = (role: string) => role === "in" || role === "inout";

/** The loops of float32, named so, and without what only they need. */
function float32(body: string): string {
  return body.replace(/export function (\w+)/g, "function $1F32").replaceAll("withDecay", "withDecayF32");
}

/** The same in float64, which rounds by itself. */
function float64(text: string): string {
  return text
    .replace(/^const round = .*\n/m, "")
    .replace(/\bround(?=\()/g, "")
    .replaceAll("F32", "F64")
    .replaceAll("Float32Array", "Float64Array");
}

/** The loop of either dtype. */
function choosing({ name, parameters }: Description): string {
  const [{ name: first }] = parameters;
  const list = parameters.map(({ name, role, optional }) => {
    return `  ${name}: ${isArray(role) ? `FloatArray${optional ? " | null" : ""}` : "number"},\n`;
  });
  const call = (type: string, suffix: string) => {
    const given = parameters.map(({ name, role, optional }) => {
      return isArray(role) ? `${name} as ${type}${optional ? " | null" : ""}` : name;
    });
    return `${name}${suffix}(begin, end, ${given.join(", ")})`;
  };
  return `export function ${name}(
  begin: number,
  end: number,
${list.join("")}): void {
  if (${first} instanceof Float32Array) ${call("Float32Array", "F32")};
  else ${call("Float64Array", "F64")};
}
`;
}

/** The JavaScript loops of kernels that update arrays in place: written once in float32, copied for each dtype. */
export function updateLoops(kernels: readonly Description[]): string {
  const text = readFileSync(FLOAT32, "utf8");
  const body = float32(text.slice(text.indexOf("const round")));
  const names = [...text.matchAll(/export function (\w+)/g)].map(([, name]) => name);
  const updating = names.map((name) => kernels.find((kernel) => kernel.name === name)!);
  return [HEAD + body, float64(body), ...updating.map(choosing)].join("\n");
}
