import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import type { Description, Parameter } from "../../src/descriptions/kernel.ts";
import { elementwiseEntries, elementwiseImports } from "./elementwiseEntries.ts";

/** What WebAssembly takes a parameter as. */
function typeOf({ role, number }: Parameter): string {
  if (role === "scalar") return number as string;
  return role === "count" ? "i32" : "usize";
}

/** The parameters of a kernel's entry points. */
export function parametersOf({ parameters }: Description): string {
  return ["begin: i32", "end: i32", ...parameters.map((it) => `${it.name}: ${typeOf(it)}`)].join(", ");
}

/** An entry point that calls the function of the kernel's name. */
function entryPoint(description: Description, dtype: string | null): string {
  const { name, parameters } = description;
  const call = `${name}_${dtype === null ? "" : `<${dtype}>`}`;
  const list = ["begin", "end", ...parameters.map((it) => it.name)].join(", ");
  const entry = dtype === null ? name : `${name}_${dtype}`;
  return `export function ${entry}(${parametersOf(description)}): void {\n  ${call}(${list});\n}\n`;
}

/** What the entry points call, a line a file. */
function importsOf(kernels: readonly Description[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, module } of kernels) names.set(module, [...(names.get(module) ?? []), `${name} as ${name}_`]);
  return [...names].map(([module, list]) => `import { ${list.join(", ")} } from "../${module}";`);
}

/**
 * The module's exports: kernel(begin, end, ...parameters), one a kernel and dtype, all numbers, no return value. Those of
 * element-wise `losses` are filled-in templates.
 */
export function entryPoints(kernels: readonly Description[], losses: readonly ElementwiseLoss[]): string {
  const others = kernels.filter(({ template }) => !template);
  const dtypes = ({ dtypes }: Description) => dtypes ?? [null];
  return [
    ...elementwiseImports(losses),
    ...importsOf(others),
    "",
    ...losses.flatMap((loss) => ["f32", "f64"].flatMap((dtype) => elementwiseEntries(loss, dtype))),
    ...others.flatMap((kernel) => dtypes(kernel).map((dtype) => entryPoint(kernel, dtype))),
  ].join("\n");
}
