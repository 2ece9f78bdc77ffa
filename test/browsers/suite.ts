// Runs the suites that the address names (?suites=bits,threads) in the page or worker that loads this, and posts the
// outcome to the server it came from.

import { type File, startTests, type Task, type VitestRunner } from "@vitest/runner";

const SUITES: Readonly<Record<string, () => Promise<unknown>>> = {
  bits: () => import("../bits.test.ts"),
  elementwise: () => import("../elementwise.test.ts"),
  errors: () => import("../errors.test.ts"),
  gradients: () => import("../gradients.test.ts"),
  files: () => import("./files.ts"),
  frames: () => import("./frames.ts"),
  kernels: () => import("../kernelsAgainstOracle.test.ts"),
  measureTab: () => import("./measureTab.ts"),
  otherTabs: () => import("./otherTabs.ts"),
  page: () => import("./evaluatePage.ts"),
  readers: () => import("./readers.ts"),
  semantics: () => import("../semantics.test.ts"),
  threads: () => import("./pages.ts"),
};

/** What a page tells the server. */
export interface Outcome {
  passed: number;
  failures: string[];
  /** Threads that an engine with threads: 2 runs here. */
  about: string;
}

/** Tells the server where this is, once in a while: it gives up on a page that says nothing for long. */
const BEAT_MILLISECONDS = 10_000;
let lastBeat = performance.now();
function beat(task: Task): void {
  if (performance.now() - lastBeat < BEAT_MILLISECONDS) return;
  lastBeat = performance.now();
  // in a frame its own policy may forbid it
  fetch(`beat${location.search}`, { method: "POST", body: nameOf(task) }).catch(() => {});
}

const runner = {
  config: {
    root: "/",
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 1, hooks: "stack", setupFiles: "list" },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (name: string) => SUITES[name](),
  onAfterRunTask: beat,
} as unknown as VitestRunner;

const testsOf = (tasks: Task[]): Task[] =>
  tasks.flatMap((task) => (task.type === "suite" ? testsOf(task.tasks) : task));

function nameOf(task: Task): string {
  return [task.suite?.name, task.name].filter(Boolean).join(" > ");
}

const messagesOf = (task: Task) => (task.result?.errors ?? []).map(({ message }) => message).join("; ");

async function run(): Promise<Outcome> {
  const names = new URLSearchParams(location.search).get("suites")!.split(",");
  const files: File[] = await startTests(names, runner);
  const tests = testsOf(files.flatMap((file) => file.tasks));
  const failures = [...files, ...tests].filter((task) => task.result?.state === "fail" && messagesOf(task) !== "");
  return {
    passed: tests.filter((task) => task.result?.state === "pass").length,
    failures: failures.map((task) => `${nameOf(task)}: ${messagesOf(task)}`),
    about: `${globalThis.crossOriginIsolated ? "isolated" : "not isolated"}, ${navigator.hardwareConcurrency} cores said`,
  };
}

run()
  .catch((error): Outcome => ({ passed: 0, failures: [String(error?.stack ?? error)], about: "" }))
  .then(async (outcome) => {
    const body = JSON.stringify(outcome);
    // in a frame its parent reports: the frame's own policy may forbid it
    if ("parent" in globalThis && parent !== self) parent.postMessage(body, "*");
    else await fetch(`report${location.search}`, { method: "POST", body });
  });
