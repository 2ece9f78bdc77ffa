import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { faultsOfFolder, faultsOfScript, page, REPORTING, whyNotOpened } from "./pages.ts";
import { attempt, createProject, type Project, printing, type Setting, type Tell } from "./project.ts";

interface Bundler {
  readonly packages: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Bundles page.js into the folder `page`. */
  bundle(project: Project): Promise<unknown>;
  /** Programs for Node, bundled of node.js. */
  bundleForNode?(project: Project): Promise<readonly string[]>;
  /** Scripts that serve the page otherwise. */
  readonly servers?: readonly string[];
}

/** Vite's own server, of the sources or of what was built, with the headers for threads and a way for reports. */
const viteServer = (start: string) => `
import { createServer, preview } from "vite";
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const { origin, pathname } = new URL(process.argv[2]);
const proxy = { "/report": { target: origin, rewrite: (path) => pathname + path } };
const options = { host: "127.0.0.1", port: 0, headers, proxy };
const server = ${start};
console.log(server.resolvedUrls.local[0]);
`;

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  Vite: {
    packages: ["vite@8.3.8"],
    files: {
      "index.html": page("/page.js"),
      "preview.js": viteServer('await preview({ preview: options, build: { outDir: "page" }, logLevel: "error" })'),
      "develop.js": viteServer('await (await createServer({ server: options, logLevel: "error" })).listen()'),
    },
    bundle: (project) =>
      project.run(project.bin("vite"), ["build", "--outDir", "page", "--base", "./", "--logLevel", "error"]),
    servers: ["preview.js", "develop.js"],
  },
  webpack: {
    packages: ["webpack@5", "webpack-cli@6"],
    bundle: (project) => webpack(project, "./page.js", "--output-filename", "page.js", "-o", "page"),
    async bundleForNode(project) {
      await webpack(project, "./node.js", "--target", "node", "--output-filename", "node.cjs", "-o", "node");
      return ["node/node.cjs"];
    },
  },
  esbuild: {
    packages: ["esbuild@0.28.2"],
    bundle: (project) => esbuild(project, "page.js", "--format=esm", "--target=es2022", "--outdir=page"),
    async bundleForNode(project) {
      const programs = ["node/node.mjs", "node/node.cjs"];
      for (const program of programs) {
        const format = program.endsWith(".mjs") ? "esm" : "cjs";
        await esbuild(project, "node.js", `--format=${format}`, "--platform=node", `--outfile=${program}`);
      }
      return programs;
    },
  },
};

function webpack(project: Project, entry: string, ...flags: string[]): Promise<string> {
  return project.run(project.bin("webpack"), [entry, "--mode", "production", ...flags]);
}

function esbuild(project: Project, entry: string, ...flags: string[]): Promise<string> {
  return project.run(project.bin("esbuild"), [entry, "--bundle", "--log-level=error", ...flags]);
}

/** Vite, webpack and esbuild: their bundles in Chromium and in Node. */
export async function inBundlers(setting: Setting, tell: Tell): Promise<void> {
  for (const [name, bundler] of Object.entries(BUNDLERS)) {
    const files = { "page.js": REPORTING, "node.js": printing(), ...bundler.files };
    const project = await createProject(setting, name.toLowerCase(), bundler.packages, files);
    await attempt(tell, `${name}, a page`, async () => {
      await bundler.bundle(project);
      const folder = join(project.folder, "page");
      if (bundler.files === undefined) writeFileSync(join(folder, "index.html"), page("page.js"));
      return whyNotOpened === undefined ? faultsOfFolder(folder) : [];
    });
    for (const script of whyNotOpened === undefined ? (bundler.servers ?? []) : []) {
      await attempt(tell, `${name}, ${script}`, () => faultsOfScript(project, script));
    }
    const { bundleForNode } = bundler;
    if (bundleForNode === undefined) continue;
    await attempt(tell, `${name}, programs for Node`, async () => {
      const faults: string[] = [];
      for (const program of await bundleForNode(project)) {
        faults.push(...JSON.parse(await project.run(process.execPath, [program])));
      }
      return faults;
    });
  }
}

/** publint and attw have nothing to say. */
export async function byLinters(setting: Setting, tell: Tell): Promise<void> {
  const packages = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];
  const project = await createProject(setting, "linters", packages);
  // files are no modules: the wasm and the worker have no types, and the package is ESM only
  const except = ["--profile", "esm-only", "--exclude-entrypoints", "strict.wasm", "worker.js", "relaxed.wasm"];
  for (const [name, args] of Object.entries({
    publint: ["run", setting.tarball, "--strict"],
    attw: [setting.tarball, ...except],
  })) {
    await attempt(tell, name, async () => {
      await project.run(project.bin(name), args);
      return [];
    });
  }
}
