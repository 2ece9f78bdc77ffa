import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** One script of an entry and all that it imports; "vitest" is test/browsers/vitest.ts. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path(entry)],
    alias: { vitest: path("./vitest.ts") },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

const page = (script: string) => `<!doctype html><meta charset="utf-8"><title>wasm-loss</title>${script}\n`;

/** The scripts of dist/ as they are, by their paths from its parent. */
function built(): [string, Uint8Array][] {
  const names = readdirSync(path("../../dist"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.js$/.test(name),
  );
  return names.map((name) => [`dist/${name.replaceAll("\\", "/")}`, readFileSync(path(`../../dist/${name}`))]);
}

/** Reports what a frame of the folder that the address names can't report itself. */
const FRAME = `
const frame = document.createElement("iframe");
frame.allow = "cross-origin-isolated";
frame.src = "/" + new URLSearchParams(location.search).get("folder") + "/main.html" + location.search;
onmessage = ({ data }) => fetch("report" + location.search, { method: "POST", body: data });
document.body.append(frame);
`;

/** The files of the pages: an entry in the page itself, in a worker of it, and in a frame of it. */
export async function pages(entry: string): Promise<Map<string, string | Uint8Array>> {
  return new Map<string, string | Uint8Array>([
    ["main.html", page('<script type="module" src="entry.js"></script>')],
    ["worker.html", page('<script type="module" src="start.js"></script>')],
    ["frame.html", page('<script type="module" src="frame.js"></script>')],
    ["frame.js", FRAME],
    ["start.js", 'new Worker("entry.js" + location.search, { type: "module" });'],
    ["entry.js", await bundle(entry)],
    ["strict.wasm", readFileSync(path("../../dist/strict.wasm"))],
    ["worker.js", readFileSync(path("../../dist/worker.js"))],
    ...built(),
  ]);
}
