import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { platformGlobals } from "../globals.ts";
import { createProject, type Project, type Setting, type Tell } from "./project.ts";

/**
 * A script of the project: opens engines in windows of jsdom and happy-dom, as they are and with what runners of tests put into
 * them, each global of the arguments missing in turn, and prints what went wrong. A window is a vm context.
 */
const SCRIPT = `
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";
import { Window } from "happy-dom";

const bundle = readFileSync("bundle.js", "utf8");
const names = process.argv.slice(2);

const settings = { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true };
const open = {
  jsdom: () => new JSDOM("", { runScripts: "outside-only", url: "http://localhost/" }).window,
  "happy-dom": () => new Window({ url: "http://localhost/", settings }),
};
const additions = {
  "as it is": {},
  "with process and Buffer": { process, Buffer },
  "with what inflates": { DecompressionStream, Response, Blob, MessageChannel, performance, fetch, URL },
};

const RUN = \`(async (name) => {
  if (name !== undefined) {
    delete globalThis[name];
    if (name in globalThis) Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
  }
  const logits = Float32Array.from({ length: 2000 }, (_, i) => ((i * 7919) % 1009) / 100);
  const labels = Int32Array.from({ length: 20 }, (_, i) => i % 100);
  const engines = [];
  for (const threads of [1, 2]) {
    for (const backend of ["js", "auto"]) {
      const losses = await library.createLosses({ backend, threads });
      const loss = losses.crossEntropy(logits, labels, { classes: 100 });
      const streamed = await losses.evaluateStream([{ logits, labels }], { classes: 100 });
      const less = (backend === "auto" && losses.backend === "js") || losses.threads < threads;
      engines.push({ asked: backend + " " + threads, got: losses.backend + " " + losses.threads, less,
        notes: [...losses.notes], loss, streamed: streamed.loss.mean });
      losses.close();
    }
  }
  return JSON.stringify(engines);
})\`;

const faults = [];
for (const [library, window] of Object.entries(open)) {
  for (const [what, globals] of Object.entries(additions)) {
    for (const name of [undefined, ...names]) {
      const where = library + " " + what + (name === undefined ? "" : ", without " + name);
      const document = window();
      try {
        for (const [key, value] of Object.entries(globals)) {
          Object.defineProperty(document, key, { value, configurable: true, writable: true });
        }
        document.eval(bundle + ";globalThis.library = library;");
        const engines = JSON.parse(await document.eval(RUN)(name));
        for (const { asked, got, less, notes, loss, streamed } of engines) {
          const right = engines[0].loss;
          if (loss !== right || streamed !== right) faults.push(where + ", " + asked + ": " + loss + ", " + streamed + ", not " + right);
          if (less !== notes.length > 0) faults.push(where + ", " + asked + ": got " + got + ", with the notes " + JSON.stringify(notes));
        }
      } catch (error) {
        faults.push(where + ": " + (error?.stack ?? error));
      } finally {
        await (document.happyDOM?.close() ?? document.close());
      }
    }
  }
}
console.log(JSON.stringify(faults));
process.exit();
`;

/** jsdom (later ones need Node 22) and happy-dom: whatever global is missing, an engine opens, and notes say what is lost. */
export async function inDocuments(setting: Setting, tell: Tell): Promise<void> {
  const project = await createProject(setting, "documents", ["jsdom@28", "happy-dom@20"], { "main.js": SCRIPT });
  writeFileSync(join(project.folder, "bundle.js"), bundleOf(project));
  const names = platformGlobals();
  const faults = JSON.parse(await project.run(process.execPath, ["main.js", ...names]));
  tell(`windows of jsdom and happy-dom, without each of ${names.length} globals`, faults);
}

/** The package for a page, as one script that leaves a global behind. */
function bundleOf({ folder }: Project): string {
  const { outputFiles } = buildSync({
    stdin: { contents: 'export * from "wasm-loss";', resolveDir: folder },
    bundle: true,
    format: "iife",
    globalName: "library",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0].text;
}
