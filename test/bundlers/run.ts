/**
 * `npm run test:bundlers`: the packed package, checked by publint and attw, and bundled by vite, webpack and esbuild for a
 * page that is opened in Chromium: isolated, with threads, nothing but the bundle served.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BROWSERS } from "../browsers/launch.ts";
import { serve } from "../browsers/server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Tools that only this needs are installed here, beside the project's own. */
const tools = join(root, "build", "bundlers");
const PACKAGES = ["vite@8.3.8", "webpack@5", "webpack-cli@6", "esbuild@0.28.2", "publint@0.3.25"].concat(
  "@arethetypeswrong/cli@0.18.5",
);
const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

const work = mkdtempSync(join(tmpdir(), "wasm-loss-bundlers-"));
const tool = (name: string) => join(tools, "node_modules", ".bin", name);
const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: "utf8" });

const ENTRY = `
import { createLosses } from "wasm-loss";

const logits = Float32Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 1009) / 100);
const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 50);
const results = [];
try {
  for (const options of [{ backend: "js" }, { backend: "wasm" }, { backend: "wasm", threads: 2 }]) {
    const losses = await createLosses(options);
    const { threads, notes } = losses;
    results.push({ threads, notes, loss: losses.crossEntropy(logits, labels, { classes: 50 }) });
    losses.close();
  }
} catch (error) {
  results.push({ threads: 0, notes: [String(error?.stack ?? error)], loss: 0 });
}
await fetch("report" + location.search, { method: "POST", body: JSON.stringify(results) });
`;

interface Result {
  threads: number;
  notes: string[];
  loss: number;
}

const BUNDLERS: Readonly<Record<string, (out: string) => void>> = {
  vite: (out) => run(tool("vite"), ["build", "--outDir", out, "--base", "./", "--logLevel", "error"], work),
  webpack: (out) => {
    const flags = ["--mode", "production", "--output-filename", "main.js"];
    run(tool("webpack"), ["./main.js", ...flags, "-o", out], work);
    writeFileSync(join(out, "index.html"), '<!doctype html><script type="module" src="main.js"></script>');
  },
  esbuild: (out) => {
    run(
      tool("esbuild"),
      ["main.js", "--bundle", "--format=esm", "--target=es2022", "--log-level=error", `--outdir=${out}`],
      work,
    );
    writeFileSync(join(out, "index.html"), '<!doctype html><script type="module" src="main.js"></script>');
  },
};

/** The files below a folder, by their paths from it. */
function filesOf(folder: string): Map<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [path.slice(folder.length + 1).replaceAll("\\", "/"), readFileSync(path)];
    }),
  );
}

async function opened(folder: string): Promise<Result[]> {
  const server = await serve(filesOf(folder));
  const reported = server.report("?bundle");
  const close = BROWSERS[0].open(`${server.address}/isolated/index.html?bundle`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('[{ "threads": 0, "notes": ["no report in 60 s"], "loss": 0 }]'), 60_000);
  });
  try {
    return JSON.parse(await Promise.race([reported, late]));
  } finally {
    clearTimeout(timer);
    await close();
    server.close();
  }
}

let failures = 0;
function tell(name: string, ok: boolean, text: string): void {
  if (!ok) failures++;
  console.log(`${ok ? "ok  " : "FAIL"}  ${name}: ${text}`);
}

function check(name: string, command: string, args: string[]): void {
  try {
    run(command, args, root);
    tell(name, true, "nothing to say");
  } catch (error) {
    tell(name, false, String((error as { stdout?: string }).stdout ?? error));
  }
}

try {
  mkdirSync(tools, { recursive: true });
  if (!existsSync(join(tools, "package.json"))) writeFileSync(join(tools, "package.json"), '{ "private": true }\n');
  if (!["vite", "webpack", "esbuild", "publint", "attw"].every((name) => existsSync(tool(name)))) {
    run("npm", ["install", "--no-save", ...quiet, ...PACKAGES], tools);
  }
  const flags = ["--ignore-scripts", "--json", "--pack-destination", work, "--loglevel=error"];
  const [{ filename }] = JSON.parse(run("npm", ["pack", ...flags], root));
  const tarball = join(work, filename);
  check("publint", tool("publint"), ["run", tarball, "--strict"]);
  // files are no modules: the wasm and the worker have no types, and the package is ESM only
  const except = ["--profile", "esm-only", "--exclude-entrypoints", "strict.wasm", "worker.js", "relaxed.wasm"];
  check("attw", tool("attw"), [tarball, ...except]);

  writeFileSync(join(work, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--ignore-scripts", ...quiet, tarball], work);
  writeFileSync(join(work, "main.js"), ENTRY);
  writeFileSync(join(work, "index.html"), '<!doctype html><script type="module" src="/main.js"></script>\n');
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    const out = join(work, `out-${name}`);
    mkdirSync(out);
    try {
      bundle(out);
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      tell(name, false, stdout + stderr);
      continue;
    }
    if (BROWSERS[0].version === undefined) {
      console.log(`ok    ${name}: bundled; not opened, Chromium is not installed`);
      continue;
    }
    const results = await opened(out);
    const [first] = results;
    const same = results.length === 3 && results.every(({ loss }) => loss === first.loss && loss > 0);
    const threads = results.map((result) => result.threads).join(", ");
    const notes = results.flatMap((result) => result.notes).join(" ");
    const ok = same && threads === "1, 1, 2" && notes === "";
    tell(name, ok, `threads ${threads}; loss ${first?.loss}${same ? "" : ", not the same"} ${notes}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (failures > 0) process.exitCode = 1;
