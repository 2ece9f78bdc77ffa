// Builds everything that has changed: the modules of assembly/, src/generated/, dist/.
import { made } from "./made.ts";

/** What it is made of, beside the packages. */
const SOURCES = ["assembly", "src", "scripts", "package.json", "asconfig.json", "tsconfig.json", "tsconfig.build.json"];
const BUILT = [
  "assembly/generated",
  "src/generated",
  "build/worker.js",
  "build/strict.wasm",
  "build/relaxed.wasm",
  "dist",
];

await made(
  "package",
  SOURCES,
  BUILT,
  async () => {
    // only now: to see that nothing has changed takes less time than to load what builds
    const { buildPackage } = await import("./buildPackage.ts");
    await buildPackage();
  },
  ["generated", "apiReference"],
);
