import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** The package as a user gets it: packed, installed into an empty folder, used from there. */
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-package-"));
const installed = join(folder, "node_modules", "wasm-loss");
let packed: string[];

afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  // dist/ is built: the scripts would build it again under the other tests.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const [{ filename, files }] = JSON.parse(npm(root, "pack", "--json", "--pack-destination", folder, ...flags));
  packed = files.map((file: { path: string }) => file.path);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  npm(folder, "install", join(folder, filename), ...flags);
});

function npm(cwd: string, ...args: string[]): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });
}

function node(source: string): string {
  writeFileSync(join(folder, "script.js"), source);
  return execFileSync(process.execPath, ["script.js"], { cwd: folder, encoding: "utf8" });
}

test("the package holds what is needed to use it and nothing else", () => {
  expect(packed).toEqual(
    expect.arrayContaining(["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"]),
  );
  expect(packed.filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts|wasm))$/.test(path))).toEqual(
    [],
  );
});

test("it computes", () => {
  const printed = node(`
    import { createLosses } from "wasm-loss";
    const values = [];
    for (const backend of ["auto", "wasm", "js"]) {
      const losses = await createLosses({ backend });
      values.push(losses.mse(Float64Array.of(1.1, 2.2, 3.3), Float64Array.of(1, 2, 3)));
      values.push(losses.crossEntropy(Float64Array.of(0.1, 0.9, 0.2), Int32Array.of(1), { classes: 3 }));
      losses.close();
    }
    console.log(JSON.stringify(values));
  `);
  const [mse, crossEntropy, ...others] = JSON.parse(printed);
  expect(mse).toBe(0.04666666666666666);
  expect(crossEntropy).toBeCloseTo(0.6657319272479286, 14);
  expect(others).toEqual([mse, crossEntropy, mse, crossEntropy]);
});

test("the command evaluates what the package wrote", () => {
  node(`
    import { writeNpy } from "wasm-loss/npy";
    writeNpy("logits.npy", Float32Array.of(0, 0, 0, 0), [2, 2]);
    writeNpy("labels.npy", Int32Array.of(0, 1), [2]);
  `);
  const command = join(folder, "node_modules", ".bin", "wasm-loss");
  const printed = execFileSync(command, ["evaluate", "logits.npy", "labels.npy", "--json"], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const it = JSON.parse(printed);
  expect(it).toMatchObject({ rows: 2, classes: 2, accuracy: 0.5, backend: "wasm" });
  expect(it.loss.mean).toBeCloseTo(Math.LN2, 7);
});

test("its types are found", () => {
  mkdirSync(join(folder, "types"), { recursive: true });
  writeFileSync(
    join(folder, "types", "use.ts"),
    `
    import { createLosses } from "wasm-loss";
    import { openNpy, writeNpy } from "wasm-loss/npy";
    const losses = await createLosses({ backend: "js" });
    const mean: number = losses.crossEntropy(new Float32Array(2), Int32Array.of(0), { classes: 2 });
    const rows: Float64Array = losses.crossEntropy(new Float32Array(2), Int32Array.of(0), { classes: 2, reduction: "none" });
    // @ts-expect-error classes are needed
    losses.crossEntropy(new Float32Array(2), Int32Array.of(0), {});
    writeNpy("x.npy", rows, [1]);
    const shape: readonly number[] = openNpy("x.npy").shape;
    console.log(mean, shape);
    `,
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom,esnext.disposable",
  ];
  const types = ["--typeRoots", join(root, "node_modules", "@types"), "--types", "node"];
  execFileSync(process.execPath, [compiler, ...options, ...types, "use.ts"], {
    cwd: join(folder, "types"),
    stdio: "inherit",
  });
});

test("the door opens without a file system: nothing it imports reaches for files", () => {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, from] of readFileSync(path, "utf8").matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)"/gm)) {
      expect(from, `imported by ${path}`).not.toMatch(/^node:|cli-progress/);
      if (from.startsWith(".")) visit(resolve(dirname(path), from));
    }
  };
  visit(join(installed, "dist", "index.js"));
  expect(seen.size).toBeGreaterThan(5);
  const folders = [...seen].map((path) => path.slice(installed.length + 1).split(/[\\/]/)[1]);
  expect(folders).not.toContain("formats");
  expect(folders).not.toContain("cli");
});
