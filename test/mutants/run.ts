/**
 * `npm run test:mutants`: puts mistakes into a copy of the tree, one at a time, and runs the tests that must see each. Fails
 * where one is not seen, and where the text that it changes is no longer there. Words as arguments: only mutants that have one.
 */
import { MUTANTS, type Mutant } from "./mutants.ts";
import type { Outcome } from "./runner.ts";
import { Tree, whyNot } from "./tree.ts";

/** At once. */
const TREES = 2;

const titleOf = ({ file, from, to }: Mutant) => {
  const line = (text: string) => text.trim().replace(/\s+/g, " ");
  return `${file}: ${line(from)} -> ${line(to) || "(nothing)"}`;
};

const words = process.argv.slice(2);
const mutants = MUTANTS.filter((it) => words.length === 0 || words.some((word) => titleOf(it).includes(word)));
const begin = performance.now();
const seconds = () => ((performance.now() - begin) / 1000).toFixed(0);
let failures = 0;

function fail(line: string): void {
  failures++;
  console.log(`FAIL  ${line}`);
}

function report(mutant: Mutant, { passed, failed, broken }: Outcome): void {
  const title = titleOf(mutant);
  if (failed !== undefined) console.log(`  ok  ${title}\n      ${mutant.test}: ${failed.slice(0, 200)}`);
  else fail(`${title}\n      ${broken === undefined ? `survives ${passed} tests of ${mutant.test}` : broken}`);
}

const ready = mutants.filter((mutant) => {
  const why = whyNot(mutant);
  if (why !== undefined) fail(`${titleOf(mutant)}\n      ${why}`);
  return why === undefined;
});

const trees = Array.from({ length: TREES }, () => new Tree());

/** Hands each item to the next tree that is free. */
async function inTrees<T>(items: readonly T[], work: (tree: Tree, item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    trees.map(async (tree) => {
      while (left.length > 0) await work(tree, left.shift()!);
    }),
  );
}

/** Without a mutant every test that must see one has to pass. */
async function passes(tree: Tree, test: string): Promise<void> {
  const names = ready.filter((mutant) => mutant.test === test).map(({ name }) => name);
  const name = names.includes(undefined) ? undefined : `(${[...new Set(names)].join("|")})`;
  const { passed, failed, broken } = await tree.run({ file: test, name });
  if (failed !== undefined || broken !== undefined || passed === 0) {
    fail(`${test} without a mutant\n      ${failed ?? broken ?? "no test has such a name"}`);
  }
}

try {
  const before = failures;
  await inTrees([...new Set(ready.map((mutant) => mutant.test))], passes);
  if (failures === before) {
    console.log(`Without a mutant all tests pass (${seconds()} s).`);
    await inTrees(ready, async (tree, mutant) => report(mutant, await tree.outcomeOf(mutant)));
  }
} finally {
  for (const tree of trees) tree.remove();
}
console.log(
  `${ready.length} mutants, ${failures === 0 ? "each seen by a test" : `${failures} failures`} (${seconds()} s).`,
);
if (failures > 0) process.exitCode = 1;
