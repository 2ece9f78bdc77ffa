import type { Description, Parameter } from "../../src/descriptions/kernel.ts";

/** What WebAssembly takes a parameter as. */
function typeOf({ role, number }: Parameter): string {
  if (role === "scalar") return number as string;
  return role === "count" ? "i32" : "usize";
}

/** The function that a kernel's entry points call, with the types it is given. */
function functionOf({ name, module }: Description, dtype: string | null): string {
  if (module === ELEMENTWISE) return `elementwise<${classOf(name)}, ${dtype}>`;
  return dtype === null ? `${name}_` : `${name}_<${dtype}>`;
}

const ELEMENTWISE = "elementwise/losses";
const classOf = (name: string) => name[0].toUpperCase() + name.slice(1);

/** Options of an element-wise loss that the template takes: 0 where a loss has fewer. */
const TEMPLATE_OPTIONS = 2;

function argumentsOf({ module, parameters }: Description): string[] {
  const names = parameters.map(({ name }) => name);
  if (module !== ELEMENTWISE) return names;
  const options = parameters.length - 8;
  names.splice(-1, 0, ...new Array(TEMPLATE_OPTIONS - options).fill("0"));
  return names;
}

function entryPoint(description: Description, dtype: string | null): string {
  const { name, parameters } = description;
  const list = ["begin: i32", "end: i32", ...parameters.map((parameter) => `${parameter.name}: ${typeOf(parameter)}`)];
  const call = `${functionOf(description, dtype)}(${["begin", "end", ...argumentsOf(description)].join(", ")});`;
  return `export function ${dtype === null ? name : `${name}_${dtype}`}(${list.join(", ")}): void {\n  ${call}\n}\n`;
}

/** What the entry points call, a line a file. */
function importsOf(kernels: readonly Description[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, module } of kernels) {
    const known = names.get(module) ?? [];
    names.set(module, [...known, module === ELEMENTWISE ? classOf(name) : `${name} as ${name}_`]);
  }
  return [...names].map(([module, list]) => `import { ${list.join(", ")} } from "../${module}";`);
}

/** The module's exports: kernel(begin, end, ...parameters), one a kernel and dtype, all numbers, no return value. */
export function entryPoints(kernels: readonly Description[]): string {
  return [
    'import { elementwise } from "../elementwise/template";',
    ...importsOf(kernels),
    "",
    ...kernels.flatMap((kernel) => (kernel.dtypes ?? [null]).map((dtype) => entryPoint(kernel, dtype))),
  ].join("\n");
}
