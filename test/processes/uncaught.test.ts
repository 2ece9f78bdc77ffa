import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { main } from "../command.ts";

const dist = (name: string) => JSON.stringify(new URL(`../../dist/${name}`, import.meta.url).href);

/** What Node prints of an error that nobody catches; its source line and stack are among it. */
function printed(...args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(stderr.length, stderr.slice(0, 4096)).toBeLessThan(2048);
  return stderr;
}

const OPEN = "const losses = await createLosses";
const LABEL = "losses.crossEntropy(new Float32Array(2), Int32Array.of(7), { classes: 2 })";

describe.each(["index.js", "browser.js"])("uncaught errors of %s take less than 2 KB", (name) => {
  test.each([
    ["a wrong label", `${OPEN}(); ${LABEL};`, "labels[0] is 7"],
    ["a wrong label, in JavaScript", `${OPEN}({ backend: "js" }); ${LABEL};`, "labels[0] is 7"],
    ["a wrong label, on two threads", `${OPEN}({ threads: 2 }); ${LABEL};`, "labels[0] is 7"],
    ["wrong options", 'await createLosses({ backend: "cuda" });', 'backend is "cuda"'],
    ["a promise that nobody awaits", "createLosses({ threads: 0 });", "threads is 0"],
    ["a module that is not there", 'await createLosses({ wasm: new URL("file:///nothing") });', "createLosses: wasm: "],
    ["a state that is none", "regressionOf(new Uint8Array(9));", "regressionOf: state"],
    ["predictions that are none", "regressionEvaluator().add([], []);", "add: predictions"],
    ["an engine that is closed", `${OPEN}(); losses.close(); losses.alloc(Float32Array, 1);`, "alloc: this Losses"],
  ])("%s", (_, code, message) => {
    const names = "createLosses, regressionOf, regressionEvaluator";
    const script = `import { ${names} } from ${dist(name)}; ${code}`;
    expect(printed("--input-type=module", "--eval", script)).toContain(message);
  });
});

test("uncaught errors of npy take less than 2 KB", () => {
  const script = `import { openNpy } from ${dist("formats/npy.js")}; openNpy("nothing.npy");`;
  expect(printed("--input-type=module", "--eval", script)).toContain("nothing.npy");
});

describe("what the command does not expect takes less than 2 KB", () => {
  const infoWith = (preload: string) => [
    "--import",
    `data:text/javascript,${encodeURIComponent(preload)}`,
    main,
    "info",
  ];

  test("and is one line where it is caught", () => {
    const preload = 'process.stdout.write = () => { throw new TypeError("of\\nthe test"); };';
    expect(printed(...infoWith(preload))).toBe("wasm-loss: of the test\n");
  });

  test("and is Node's report where it is not", () => {
    const preload = 'process.stdout.write = process.stderr.write = () => { throw new TypeError("of the test"); };';
    expect(printed(...infoWith(preload))).toContain("of the test");
  });
});
