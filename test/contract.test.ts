import { describe, expect, test } from "vitest";
import { CONSTANTS } from "../src/descriptions/constants.ts";
import { KERNELS } from "../src/descriptions/list.ts";
import { CONSTANT_TABLE } from "../src/generated/table.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import "./relaxed.ts";

/** Names of the functions of a kernel. */
const functionsOf = (kernel: (typeof KERNELS)[number]) =>
  kernel.dtypes ? kernel.dtypes.map((dtype) => `${kernel.name}_${dtype}`) : [kernel.name];

/** Ids of the module's sections: see the WebAssembly specification, binary format, sections. */
function sectionsOf(binary: Uint8Array): number[] {
  const sections: number[] = [];
  for (let at = 8; at < binary.length; ) {
    sections.push(binary[at++]);
    let size = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = binary[at++];
      size += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte & 128);
    at += size;
  }
  return sections;
}

const MODULES = { strict: await inlinedModule(), relaxed: await inlinedModule(true) };

describe.each(Object.entries(MODULES))("%s", (_, bytes) => {
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 128, maximum: 128 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });

  test("the module exports the kernels of the list times their dtypes, and nothing else", () => {
    const listed = KERNELS.flatMap(functionsOf);
    expect(new Set(listed).size).toBe(listed.length);
    expect(Object.keys(exports).sort()).toEqual(listed.sort());
  });

  test.each(KERNELS.map((kernel) => [kernel.name, kernel] as const))(
    "%s has as many parameters everywhere",
    (_, kernel) => {
      for (const name of functionsOf(kernel)) {
        const f = exports[name] as (...parameters: number[]) => void;
        expect(f.length, name).toBe(2 + kernel.parameters.length);
      }
    },
  );

  test("a kernel without parameters to work on does nothing, and returns nothing", () => {
    for (const kernel of KERNELS) {
      for (const name of functionsOf(kernel)) {
        const f = exports[name] as (...parameters: number[]) => unknown;
        if (kernel.name === "checkLabels") continue;
        expect(f(0, 0, ...kernel.parameters.map(() => 0)), name).toBe(undefined);
      }
    }
  });

  test("memory is the only import", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  test("no data, no start function, no table, no globals: nothing is copied or run when a worker instantiates it", () => {
    const sections = sectionsOf(bytes);
    const names: Record<string, number> = {
      table: 4,
      memory: 5,
      global: 6,
      start: 8,
      element: 9,
      data: 11,
      dataCount: 12,
    };
    for (const [name, id] of Object.entries(names)) expect(sections, name).not.toContain(id);
  });
});

test("the constants of the table, with digits that float32 has none of left out", () => {
  // what is written there has lost its names, and digits that float32 has none of
  const written = CONSTANT_TABLE.map(([f32, f64]) => [Math.fround(f32), f64]);
  expect(written).toEqual(CONSTANTS.map(({ f32, f64 }) => [Math.fround(f32), f64]));
});
