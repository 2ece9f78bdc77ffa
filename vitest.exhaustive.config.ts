import { defineConfig } from "vitest/config";

/** Suites of which `npm test` runs a share: whatever imports test/breadth.ts and takes long. */
const BROAD = [
  "bits",
  "comparison",
  "crossEntropyOptions",
  "elementary",
  "elementwise",
  "evaluate",
  "evaluateState",
  "half",
  "kernels",
  "kernelsAgainstOracle",
  "lossesAlone",
  "modelFiles",
  "optimizers",
  "regression",
  "semantics",
  "shares",
  "shortRows",
  "standardError",
  "threads",
];

export default defineConfig({
  test: {
    include: ["test/exhaustive/*.test.ts", ...BROAD.map((name) => `test/${name}.test.ts`)],
    env: { EVERYTHING: "1" },
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    maxWorkers: 2,
    // Node imports all but the suites itself: in vitest's form of a module each use of an import calls a function, and exact sums
    // take twice as long
    execArgv: ["--import", "tsx"],
    server: { deps: { external: [/\/(src|test)\/.*(?<!\.test)\.ts$/] } },
  },
});
