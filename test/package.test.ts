import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** The package as a user gets it: packed, installed into an empty folder, used from there. */
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-package-"));
let packed: string[];
/** Bytes. */
let tarball: number;

afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  // dist/ is built: the scripts would build it again under the other tests.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const [{ filename, files, size }] = JSON.parse(npm(root, "pack", "--json", "--pack-destination", folder, ...flags));
  tarball = size;
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
    expect.arrayContaining(["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.node.d.ts"]),
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

/** Prints the loss of an engine, and whether its module was a file's or was inflated. */
const WHERE_FROM = `
  import { createLosses } from "wasm-loss";
  const fs = process.getBuiltinModule("node:fs");
  const zlib = process.getBuiltinModule("node:zlib");
  const { readFileSync } = fs;
  const { inflateSync } = zlib;
  const from = [];
  fs.readFileSync = (file, ...options) => {
    const bytes = readFileSync(file, ...options);
    from.push(String(file).replace(/^.*\\//, ""));
    return bytes;
  };
  zlib.inflateSync = (bytes) => {
    from.push("inflated");
    return inflateSync(bytes);
  };
  createLosses().then((losses) => {
    const loss = losses.crossEntropy(Float32Array.of(0.1, 0.9, 0.2), Int32Array.of(1), { classes: 3 });
    console.log(JSON.stringify({ from, loss, backend: losses.backend }));
  });
`;

test("Node takes the module from its file, or the inlined one where that is of another build or not there", async () => {
  const inlined = JSON.parse(node(WHERE_FROM.replace('"wasm-loss"', '"./node_modules/wasm-loss/dist/browser.js"')));
  expect(inlined).toMatchObject({ from: ["inflated"], backend: "wasm" });
  const { loss } = inlined;
  const file = join(folder, "node_modules", "wasm-loss", "dist", "strict.wasm");
  const bytes = readFileSync(file);
  expect(JSON.parse(node(WHERE_FROM))).toEqual({ from: ["strict.wasm"], loss, backend: "wasm" });
  try {
    writeFileSync(file, bytes.subarray(0, -1));
    expect(JSON.parse(node(WHERE_FROM))).toEqual({ from: ["strict.wasm", "inflated"], loss, backend: "wasm" });
    rmSync(file);
    expect(JSON.parse(node(WHERE_FROM))).toEqual({ from: ["inflated"], loss, backend: "wasm" });
  } finally {
    writeFileSync(file, bytes);
  }
});

test.each(["mjs", "cjs"])("a program that is bundled to .%s for Node takes the inlined module", async (extension) => {
  const outfile = join(folder, "bundled", `program.${extension}`);
  const { warnings } = await build({
    stdin: { contents: WHERE_FROM, resolveDir: folder },
    bundle: true,
    platform: "node",
    format: extension === "mjs" ? "esm" : "cjs",
    outfile,
    logLevel: "silent",
  });
  expect(warnings).toEqual([]);
  expect(readdirSync(join(folder, "bundled")).every((name) => name.startsWith("program."))).toBe(true);
  const printed = JSON.parse(execFileSync(process.execPath, [outfile], { encoding: "utf8" }));
  expect(printed).toMatchObject({ from: ["inflated"], backend: "wasm" });
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

test("a Parquet file without its optional peer: how to install it", () => {
  const command = join(folder, "node_modules", "wasm-loss", "dist", "cli", "main.js");
  writeFileSync(join(folder, "x.parquet"), "PAR1");
  const { stderr, status } = spawnSync(process.execPath, [command, "evaluate", "x.parquet"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(stderr).toBe("wasm-loss: x.parquet: a Parquet file, which is read through hyparquet: npm install hyparquet\n");
  expect(status).toBe(1);
});

/**
 * What a bundler makes of the `createLosses` of an entry, as one minified file; what is imported only when it is asked for goes to
 * others, by the names of `later`.
 */
async function bundled(entry: string): Promise<{ text: string; later: string[] }> {
  const later: string[] = [];
  const split: Plugin = {
    name: "what is imported later",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ kind, path }) => {
        if (kind !== "dynamic-import") return undefined;
        later.push(path.replace(/^.*\/|-.*$/g, ""));
        return { path, external: true };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: `export { createLosses } from "${entry}";`, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "silent",
    plugins: [split],
  });
  return { text: outputFiles[0].text, later };
}

const KB = 1024;
/** An inlined module. */
const MODULE_TEXT = /"[\w+/=]{10000,}"/g;

const ASKED_FOR = ["given", "openJs", "openThreads", "relaxed"];

test.each([
  { what: "everything", entry: "wasm-loss", limit: 89, asked: [...ASKED_FOR, "stream"], without: [] },
  // 72 are what the whole family may take
  { what: "losses alone", entry: "wasm-loss/losses", limit: 60, asked: ASKED_FOR, without: ["perplexity", "r2"] },
])("a page loads at most $limit KB for $what, minified and gzipped, the WebAssembly included", async (it) => {
  // for browsers: an import of a module of Node would fail
  const { text, later } = await bundled(it.entry);
  const { length } = gzipSync(text);
  expect(length, `${length} bytes; the limit is ${it.limit * KB}`).toBeLessThanOrEqual(it.limit * KB);
  // one module
  expect(text.match(MODULE_TEXT)?.length).toBe(1);
  expect(later.sort()).toEqual(it.asked);
  const code = text.replace(MODULE_TEXT, "");
  for (const word of ["NUMPY", "safetensors", "uplot", "cli-progress", ...it.without]) {
    expect(code.includes(word), `${word} is in what a page loads`).toBe(false);
  }
});

/** The names of the files that a bundle's first one imports, and what those import, but not what is imported when it is asked for. */
function loadedAtOnce(outputs: Metafile["outputs"]): ReadonlySet<string> {
  const pathsOf = Object.fromEntries(Object.keys(outputs).map((path) => [basename(path), path]));
  const atOnce = new Set<string>();
  const visit = (path: string) => {
    if (atOnce.has(basename(path))) return;
    atOnce.add(basename(path));
    for (const { kind, path: target } of outputs[path].imports) if (kind === "import-statement") visit(target);
  };
  visit(pathsOf["stdin.js"]);
  return atOnce;
}

test("a bundler that splits files loads no JavaScript loop at once", async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: 'export { createLosses } from "wasm-loss";', resolveDir: folder },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: folder,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const atOnce = loadedAtOnce(metafile.outputs);
  // the name of a property that only they know
  const withLoops = outputFiles.filter(({ text }) => text.includes("finePowers")).map(({ path }) => basename(path));
  expect(withLoops).toHaveLength(1);
  expect([...atOnce]).not.toContain(withLoops[0]);
});

/** What a file of dist/ imports at once, and those import, and what they import when it is asked for; and the sources of the former. */
function loadedOf(entry: string) {
  const atOnce = new Set([join(folder, "node_modules", "wasm-loss", "dist", entry)]);
  const later = new Set<string>();
  const sources = new Set<string>();
  for (const file of atOnce) {
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(/^(?:import|export|\}) .*"(\.[^"]+)";$/gm)) atOnce.add(join(file, "..", path));
    for (const [, path] of text.matchAll(/\bimport\("(\.[^"]+)"\)/g)) later.add(join(file, "..", path));
    // the bundler's comments
    for (const [, source] of text.matchAll(/^\/\/ (src\/.+)$/gm)) sources.add(source);
  }
  return { atOnce, later, sources };
}

test("a page without a bundler loads no JavaScript loop but that of regressionEvaluator(), what binaryEvaluator() computes with, and no relaxed module, at once", () => {
  const { atOnce, later, sources } = loadedOf("browser.js");
  expect(sources).toContain("src/generated/strict.ts");
  expect(sources).not.toContain("src/generated/relaxed.ts");
  expect([...sources].filter((source) => source.startsWith("src/kernels/")).sort()).toEqual([
    // the values of the table of the WebAssembly kernels, by place
    "src/kernels/constant.ts",
    "src/kernels/evaluation/regressionLoop.ts",
    // its powers of two stand in the table of the WebAssembly kernels, too
    "src/kernels/functions/exp64.ts",
    "src/kernels/functions/fineExp.ts",
    "src/kernels/functions/log.ts",
    "src/kernels/functions/logistic.ts",
    "src/kernels/functions/naturalLog.ts",
    "src/kernels/widenLoops.ts",
  ]);
  expect([...later].filter((file) => atOnce.has(file))).toEqual([]);
  const names = [...later].map((file) => basename(file).replace(/-.*/, ""));
  expect(names.sort()).toEqual(["given", "openJs", "openThreads", "relaxed", "stream"]);
});

test.each(["evaluateCommand", "partWorker"])(
  "what large files wait for loads no text of a module, no losses of arrays, and no other command: %s",
  (name) => {
    const dist = join(folder, "node_modules", "wasm-loss", "dist");
    const entry = readdirSync(dist, { recursive: true, encoding: "utf8" }).find(
      (file) => basename(file).startsWith(name) && file.endsWith(".js"),
    );
    const { sources } = loadedOf(entry!);
    expect(sources).toContain("src/cli/adding/plan.ts");
    const unwanted =
      /generated\/(strict|relaxed|elementwise)|api\/(elementwise|optimizers|softmax|divergences)|(bench|compare|merge|cluster)Command/;
    expect([...sources].filter((source) => unwanted.test(source))).toEqual([]);
  },
);

test("the readers of files load at most 27 KB in a page, minified and gzipped, and nothing of Node", async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: 'export { openBatches } from "wasm-loss/formats";', resolveDir: folder },
    bundle: true,
    minify: true,
    splitting: true,
    // for browsers: an import of a module of Node would fail
    format: "esm",
    outdir: folder,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  expect(imported.filter(({ external }) => external)).toEqual([]);
  // archives, quoted fields and Parquet are for those who have them
  const atOnce = loadedAtOnce(metafile.outputs);
  const length = outputFiles.reduce(
    (sum, { path, text }) => sum + (atOnce.has(basename(path)) ? gzipSync(text).length : 0),
    0,
  );
  expect(atOnce.size).toBeLessThan(outputFiles.length);
  expect(length, `${length} bytes; the limit is ${27 * KB}`).toBeLessThanOrEqual(27 * KB);
});

test("the same readers in Node, from a path", () => {
  const printed = node(`
    import { createLosses } from "wasm-loss";
    import { openBatches } from "wasm-loss/formats";
    import { writeNpy } from "wasm-loss/npy";
    writeNpy("x.npy", Float32Array.of(0, 0, 0, 0), [2, 2]);
    writeNpy("y.npy", Int32Array.of(0, 1), [2]);
    const losses = await createLosses();
    const { rows, accuracy } = await losses.evaluateStream(await openBatches("x.npy", { labels: "y.npy" }), {});
    console.log(JSON.stringify({ rows, accuracy }));
  `);
  expect(JSON.parse(printed)).toEqual({ rows: 2, accuracy: 0.5 });
});

test("the text of a module is in a file without code", () => {
  const dist = join(folder, "node_modules", "wasm-loss", "dist");
  const names = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const texts = names.map((name) => readFileSync(join(dist, name), "utf8"));
  const withModule = texts.filter((text) => text.search(MODULE_TEXT) >= 0);
  expect(withModule).toHaveLength(3);
  for (const text of withModule) {
    expect(text.replace(MODULE_TEXT, '""')).toMatch(/^\s*\/\/ src.*\nvar (\w+) = "";\n+export \{\n {2}\1\n\};\n$/);
  }
});

test("the packed package takes at most 600 KB", () => {
  expect(tarball, `${tarball} bytes; the limit is ${600 * KB}`).toBeLessThanOrEqual(600 * KB);
});
