import { domainOf } from "../../src/descriptions/domains.ts";
import { weightedName } from "../../src/descriptions/elementwiseKernels.ts";
import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import type { Description, Kernel, Parameter } from "../../src/descriptions/kernel.ts";
import type { OptimizerDescription } from "../../src/descriptions/optimizers.ts";

const capitalized = (name: string) => name[0].toUpperCase() + name.slice(1);
const argumentsName = (name: string) => `${capitalized(name)}Arguments`;

/** What a caller gives for an array parameter: any precision where rows or blocks are read. */
function givenType({ role, per, type }: Parameter): string {
  if (type === "i32") return "IntegerArray";
  if (type === "f32") return "Float32Array";
  if (type === "f64") return "Float64Array";
  if (type === "u16") return "Uint16Array";
  return role === "in" && per !== "call" ? "FloatArray | HalfBits" : "FloatArray";
}

/** What a JavaScript loop gets. */
function loopType({ role, type }: Parameter): string {
  if (role === "scalar" || role === "count") return "number";
  if (role === "scratch") return "Scratch";
  if (type === "i32") return "Int32Array";
  if (type === "f32") return "Float32Array";
  if (type === "f64") return "Float64Array";
  return type === "u16" ? "Uint16Array" : "FloatArray";
}

const orNull = ({ optional }: Parameter) => (optional ? " | null" : "");

function argumentsOf({ name, parameters }: Description): string {
  const lines = parameters.flatMap((parameter) => {
    if (parameter.role === "count" || parameter.role === "scratch") return [];
    if (parameter.role === "scalar") return `  ${parameter.name}: number;`;
    // a call reduces partial results, or names an array for them
    if (parameter.role === "partials") return `  ${parameter.name}?: Float64Array | undefined;`;
    return `  ${parameter.name}: ${givenType(parameter)}${orNull(parameter)};`;
  });
  return [`export interface ${argumentsName(name)} {`, ...lines, "}"].join("\n");
}

/** The body of `read`: where each array and each scalar of the arguments goes. */
function readerOf({ parameters }: Description): string {
  const lines = parameters.flatMap(({ name, role, per }, i) => {
    if (role === "scalar") return `n[${i}] = g.${name};`;
    return per === undefined ? [] : `a[${i}] = g.${name};`;
  });
  const taken = parameters.some(({ role }) => role === "scalar") ? "g, a, n" : "g, a";
  return `read(${taken}) { ${lines.join(" ")} }`;
}

/** The kernels as calls need them, each with the type of its arguments; parameters that are alike stand once. */
export function kernelCalls(kernels: readonly Description[]): string {
  const shared = new Map<string, string>();
  const nameOf = (parameter: Parameter) => {
    const text = JSON.stringify(parameter);
    if (!shared.has(text)) shared.set(text, `${parameter.name}${shared.size}`);
    return shared.get(text);
  };
  const calls = kernels.map((description) => {
    const { name, unit, dtypes, splits, parameters } = description;
    const kernel: Omit<Kernel, "parameters" | "read"> = { name, unit, dtypes, splits };
    const rest = JSON.stringify(kernel).slice(0, -1);
    const type = `Kernel<${argumentsName(name)}>`;
    return `export const ${name}: ${type} = ${rest}, "parameters": [${parameters.map(nameOf).join(", ")}], ${readerOf(description)} };`;
  });
  const types = kernels.map(argumentsOf).join("\n");
  const used = ["FloatArray", "HalfBits", "IntegerArray"].filter((type) => types.includes(type));
  return [
    'import type { Kernel, Parameter } from "../descriptions/kernel.ts";',
    `import type { ${used.join(", ")} } from "../dtype.ts";`,
    "",
    types,
    "",
    ...[...shared].map(([text, name]) => `const ${name}: Parameter = ${text};`),
    "",
    ...calls,
    "",
  ].join("\n");
}

/** What calls need to know of the element-wise losses. */
export function elementwiseCalls(losses: readonly ElementwiseLoss[]): string {
  const parts = ({ kernel, slopeFactor, options, limit, ...loss }: ElementwiseLoss) => {
    const { predictions, targets } = domainOf(loss);
    const domain = domainOf(loss).check === undefined ? {} : { domain: { predictions, targets } };
    const numbers = JSON.stringify({ name: loss.name, slopeFactor, options, ...domain }).slice(1, -1);
    const at = limit ? `, "limit": { "option": "${limit.option}", "call": ${limit.loss} }` : "";
    return `"kernel": kernels.${kernel}, "weighted": kernels.${weightedName(kernel)}, ${numbers}${at}`;
  };
  const firsts = losses.filter(({ name }, i) => losses.findIndex((loss) => loss.name === name) === i);
  const calls = firsts.map((first) => {
    const { name, input, options } = first;
    const names = options.map((option) => JSON.stringify(option.name)).join(" | ") || "never";
    const others = losses.filter((loss) => loss.name === name && loss !== first);
    const inputs = others.map((other) => `"${other.input}": { ${parts(other)} }`);
    const all = input === undefined ? "" : `, "inputs": { "${input}": null, ${inputs.join(", ")} }`;
    return `export const ${name}: ElementwiseCall<${names}> = { ${parts(first)}${all} };`;
  });
  return [
    'import type { ElementwiseCall } from "../descriptions/elementwiseLoss.ts";',
    'import * as kernels from "./kernels.ts";',
    "",
    ...calls,
    "",
  ].join("\n");
}

/** The parameters of a kernel's JavaScript loop after begin and end, with their types. */
export function loopParameters({ parameters }: Description): string[] {
  return parameters.map((parameter) => `${parameter.name}: ${loopType(parameter)}${orNull(parameter)}`);
}

/** What calls need to know of the optimizers. */
export function optimizerCalls(optimizers: readonly OptimizerDescription[]): string {
  const calls = optimizers.map(({ name, kernel, options, flags }) => {
    const rest = JSON.stringify({ options, flags }).slice(1);
    const type = `OptimizerCall<kernels.${argumentsName(kernel)}>`;
    return `export const ${name}: ${type} = { "name": "${name}", "kernel": kernels.${kernel}, ${rest};`;
  });
  return [
    'import type { OptimizerCall } from "../descriptions/optimizers.ts";',
    'import * as kernels from "./kernels.ts";',
    "",
    ...calls,
    "",
  ].join("\n");
}

/** The types of JavaScript loops, by kernel: an interface a list. */
export function loopTypes(lists: Readonly<Record<string, readonly Description[]>>): string {
  const interfaces = Object.entries(lists).flatMap(([name, kernels]) => [
    `export interface ${name} {`,
    ...kernels.map((kernel) => {
      return `  readonly ${kernel.name}: (begin: number, end: number, ${loopParameters(kernel).join(", ")}) => void;`;
    }),
    "}",
    "",
  ]);
  return [
    'import type { FloatArray } from "../dtype.ts";',
    'import type { Scratch } from "../kernels/scratch.ts";',
    "",
    ...interfaces,
  ].join("\n");
}

/** Calls of a WebAssembly function by how many numbers it takes, begin and end apart. */
export function callsByArity(kernels: readonly Description[]): string {
  const counts = [...new Set(kernels.map(({ parameters }) => parameters.length))].sort((a, b) => a - b);
  const cases = counts.flatMap((n) => [
    `    case ${n}:`,
    `      return f(begin, end, ${Array.from({ length: n }, (_, i) => `a[${i}]`).join(", ")});`,
  ]);
  return [
    "/** f(begin, end, ...a[0..n)), without an array of them: that takes 25 ns longer, and leaves it behind. */",
    "export function invoke(",
    "  f: (...numbers: number[]) => void,",
    "  begin: number,",
    "  end: number,",
    "  a: Float64Array,",
    "  n: number,",
    "): void {",
    "  switch (n) {",
    ...cases,
    "    default:",
    '      throw new Error("invoke: no kernel takes " + n + " numbers");',
    "  }",
    "}",
    "",
  ].join("\n");
}
