import type { Kernel, Parameter } from "../src/descriptions/kernel.ts";

/** The kernels without their loops, and parameters that are alike once. */
export function callsOf(kernels: readonly Kernel[]): string {
  const parameters = new Map<string, string>();
  const nameOf = (parameter: Parameter) => {
    const text = JSON.stringify(parameter);
    if (!parameters.has(text)) parameters.set(text, `${parameter.name}${parameters.size}`);
    return parameters.get(text);
  };
  const calls = kernels.map(({ name, unit, dtypes, splits, parameters }) => {
    const rest = JSON.stringify({ name, unit, dtypes, splits }).slice(0, -1);
    return `export const ${name} = ${rest}, "parameters": [${parameters.map(nameOf)}] } as const;`;
  });
  const shared = [...parameters].map(([text, name]) => `const ${name} = ${text} as const;`);
  return ["// What calls of the kernels are put together from.", ...shared, ...calls, ""].join("\n");
}
