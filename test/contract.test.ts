import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CONSTANTS } from "../src/descriptions/constants.ts";
import { KERNELS } from "../src/descriptions/list.ts";
import { CONSTANTS as WRITTEN } from "../src/kernels/constant.ts";
import { KERNEL_LOOPS } from "../src/kernels/loops.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import "./relaxed.ts";

/** Names of the functions of a kernel. */
const functionsOf = (kernel: (typeof KERNELS)[number]) =>
  kernel.dtypes ? kernel.dtypes.map((dtype) => `${kernel.name}_${dtype}`) : [kernel.name];

/** Reads a WebAssembly binary, as its specification describes it: chapter binary format. */
class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++];
  }

  /** An unsigned number, LEB128. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  name(): string {
    const length = this.number();
    this.at += length;
    return Buffer.from(this.#bytes.subarray(this.at - length, this.at)).toString();
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.number() }, item);
  }
}

/** Where the content of each section starts, by the section's number. */
function sectionsOf(binary: Uint8Array): Map<number, number> {
  const sections = new Map<number, number>();
  for (const reader = new Reader(binary, 8); !reader.atEnd; ) {
    const id = reader.byte();
    const size = reader.number();
    sections.set(id, reader.at);
    reader.at += size;
  }
  return sections;
}

const VALUE_TYPES: Readonly<Record<number, string>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64" };

/** The types of parameters and results of each function that a module exports; it imports none. */
function exportedTypes(binary: Uint8Array): Map<string, { parameters: string[]; results: string[] }> {
  const sections = sectionsOf(binary);
  const at = (section: number) => new Reader(binary, sections.get(section));
  const typeSection = at(1);
  const values = () => typeSection.list(() => VALUE_TYPES[typeSection.byte()]);
  const types = typeSection.list(() => {
    typeSection.byte();
    return { parameters: values(), results: values() };
  });
  const functionSection = at(3);
  const functions = functionSection.list(() => types[functionSection.number()]);
  const exportSection = at(7);
  return new Map(
    exportSection.list(() => {
      const name = exportSection.name();
      exportSection.byte();
      return [name, functions[exportSection.number()]];
    }),
  );
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
    "%s takes what its description says: addresses and counts as integers, scalars as they are",
    (_, kernel) => {
      const types = exportedTypes(bytes);
      const listed = kernel.parameters.map(({ role, number }) => (role === "scalar" ? number : "i32"));
      for (const name of functionsOf(kernel)) {
        expect(types.get(name), name).toEqual({ parameters: ["i32", "i32", ...listed], results: [] });
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
    const sections = [...sectionsOf(bytes).keys()];
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

/** The names of a function's parameters. */
const namesIn = (list: string) => list.split(",").map((text) => text.split(":")[0].trim());

describe.each(KERNELS.map((kernel) => [kernel.name, kernel] as const))(
  "%s",
  (name, { parameters, module, template }) => {
    // where numbers stand side by side, nothing else tells their order; working memory has another name in JavaScript
    const names = ["begin", "end", ...parameters.filter(({ role }) => role !== "scratch").map(({ name }) => name)];

    test("the JavaScript loop has its parameters in the description's order", () => {
      const [, list] = /\(([^)]*)\)/.exec(KERNEL_LOOPS[name as keyof typeof KERNEL_LOOPS].toString())!;
      expect(namesIn(list).slice(0, names.length)).toEqual(names);
    });

    // those of element-wise losses are one template, called by what the build writes
    if (template) return;
    test("so has the AssemblyScript function", () => {
      const source = readFileSync(new URL(`../assembly/${module}.ts`, import.meta.url), "utf8");
      const [, list] = new RegExp(`export function ${name}(?:<\\w+>)?\\(([^)]*)\\)`).exec(source)!;
      const scratch = parameters.filter(({ role }) => role === "scratch").map(({ name }) => name);
      expect(namesIn(list.trim().replace(/,$/, ""))).toEqual([...names, ...scratch]);
    });
  },
);

test("the constants of the table, with digits that float32 has none of left out", () => {
  // what is written there has lost its names, and digits that float32 has none of
  const written = WRITTEN.map(({ f32, f64 }) => [f32, f64]);
  expect(written).toEqual(CONSTANTS.map(({ f32, f64 }) => [Math.fround(f32), f64]));
});
