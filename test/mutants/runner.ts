// A vitest that stays: tree.ts starts it in its copy, and tells it which tests to run, and what comes of them it tells. One that
// is started for each mutant transforms all files again, which takes more than half of the time.

import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { createVitest, type TestCase } from "vitest/node";

/** Tests of a file, without .test.ts, whose names match. */
export interface Request {
  readonly file: string;
  readonly name?: string;
}

/** What runs of tests came to. */
export interface Outcome {
  readonly passed: number;
  /** The first test that failed, and how. */
  readonly failed?: string;
  /** Why no test could say anything. */
  readonly broken?: string;
}

const vitest = await createVitest("test", { watch: false, bail: 1, reporters: [{}] });
const graphs = Object.values(vitest.vite.environments).map(({ moduleGraph }) => moduleGraph);

/** Files that were transformed, and when each was written. */
const written = new Map<string, number | undefined>();
const timeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

function forgetWhatChanged(): void {
  for (const [file, time] of written) if (timeOf(file) !== time) vitest.invalidateFile(file);
}

function remember(): void {
  const files = graphs.flatMap(({ fileToModulesMap }) => [...fileToModulesMap.keys()]);
  // others are no files: what vite itself adds
  for (const file of files.filter((file) => isAbsolute(file))) written.set(file, timeOf(file));
}

const firstLine = ({ stack, message }: { stack?: string; message: string }) => (stack || message).split("\n")[0];

const titleOf = ({ fullName }: TestCase) => fullName.replaceAll(" > ", " ");

async function outcomeOf({ file, name }: Request): Promise<Outcome> {
  // tests that failed before count, too, where the first failure ends a run
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  forgetWhatChanged();
  if (name === undefined) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(name);
  const { testModules } = await vitest.runTestSpecifications(
    await vitest.globTestSpecifications([`test/${file}.test.ts`]),
  );
  remember();
  const tests = testModules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const failed = tests.find((test) => test.result().state === "failed");
  if (failed) return { passed, failed: `${titleOf(failed)}: ${firstLine(failed.result().errors![0])}` };
  const [error] = testModules.flatMap((module) => module.errors());
  return error ? { passed, broken: firstLine(error) } : { passed };
}

process.on("disconnect", () => process.exit());
process.on("message", async (request: Request) => {
  process.send!(await outcomeOf(request).catch((error): Outcome => ({ passed: 0, broken: firstLine(error) })));
});
