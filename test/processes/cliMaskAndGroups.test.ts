/** evaluate --loss binary and --loss mse with --mask and --groups: as the library, on any threads, in shards, of any file. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { createLosses } from "../../src/index.node.ts";
import { workshop } from "../command.ts";
import { npy } from "../files.ts";
import { integer, mulberry32, normal } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json } = workshop();
const losses = await createLosses();

interface Rows {
  readonly x: Float64Array;
  readonly t: Float64Array;
  readonly mask: Uint8Array;
  readonly groups: BigInt64Array;
}

/** Rows for either loss; those that the mask leaves out are NaN and out of range. */
function rowsOf(n: number): Rows {
  const random = mulberry32(n);
  const mask = Uint8Array.from({ length: n }, () => Number(random() < 0.8));
  return {
    mask,
    x: Float64Array.from(mask, (it) => (it ? normal(random) : Number.NaN)),
    t: Float64Array.from(mask, (it) => (it ? Math.round(random()) : 99)),
    groups: BigInt64Array.from(mask, () => BigInt(integer(random, 40) - 9)),
  };
}

/** Writes them to files that begin with a name, and gives the command's arguments. */
function written(name: string, { x, t, mask, groups }: Rows): string[] {
  const files = { x: npy(x, [x.length]), t: npy(t, [t.length]), mask: npy(mask, [mask.length], "|b1") };
  for (const [key, bytes] of Object.entries({ ...files, groups: npy(groups, [groups.length]) })) {
    writeFileSync(at(`${name}-${key}.npy`), bytes);
  }
  return [`${name}-x.npy`, `${name}-t.npy`, "--mask", `${name}-mask.npy`, "--groups", `${name}-groups.npy`];
}

const few = rowsOf(500);
const files = written("few", few);
// of 8 bytes a row a part has 2^20 of them
const many = written("many", rowsOf(2 ** 20 + 70_000));

describe.each(["binary", "mse"])("--loss %s", (loss) => {
  const own = ["--loss", loss];

  test("gives what the library gives, from tables and states, too", () => {
    const evaluator = loss === "mse" ? losses.regressionEvaluator() : losses.binaryEvaluator();
    evaluator.add(few.x, few.t, { mask: few.mask, groups: few.groups });
    // bins that are empty are left out, and Infinity is a string
    const { calibration: _, mape: __, ...wanted } = JSON.parse(JSON.stringify(evaluator.result()));
    expect(json("evaluate", ...files, ...own, "--state", "few.acc")).toMatchObject(wanted);
    expect(json("merge", "few.acc")).toMatchObject(wanted);
    const counted = few.mask.filter(Boolean).length;
    const all = loss === "mse" ? { elements: 500, count: counted } : { rows: 500, counted };
    expect(wanted).toMatchObject(all);

    writeFileSync(at("groups.csv"), `document\n${few.groups.join("\n")}\n`);
    writeFileSync(at("mask.csv"), `counts\n${few.mask.join("\n")}\n`);
    const tables = ["--mask", "mask.csv", "--groups", "groups.csv"];
    expect(json("evaluate", ...files.slice(0, 2), ...tables, ...own)).toMatchObject(wanted);
  });

  test("prints and reports how certain the figures are, and of how many rows", () => {
    const counted = few.mask.filter(Boolean).length;
    const { code, stdout } = run("evaluate", ...files, ...own, "--report", "r.html", "--state", "few.acc");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^clustered error +0\.\d+/m);
    const rows = loss === "mse" ? "elements" : "rows";
    expect(stdout).toMatch(new RegExp(`^${rows} +500 \\(${counted} counted, ${500 - counted} ignored\\)$`, "m"));
    const page = readFileSync(at("r.html"), "utf8");
    expect(page).toContain("clustered error");
    // no point is NaN: those that are left out are not drawn
    if (loss === "mse") expect(page).toContain(`All ${counted} pairs`);
    expect(run("merge", "few.acc", "--report", "merged.html").stdout).toMatch(/^clustered error +0\.\d+/m);
    expect(readFileSync(at("merged.html"), "utf8")).toContain("clustered error");
  });

  test("is the same on any number of threads, and in shards", () => {
    const states = ["1", "3"].map((threads) => {
      const { threads: ran } = json("evaluate", ...many, ...own, "--threads", threads, "--state", "all.acc");
      expect(ran).toBe(Math.min(2, Number(threads)));
      return readFileSync(at("all.acc"));
    });
    for (const state of states) expect(state.equals(states[0])).toBe(true);
    rmSync(at("parts"), { recursive: true, force: true });
    for (const i of [1, 2, 3]) json("evaluate", ...many, ...own, "--shard", `${i}/3`, "--state-dir", "parts");
    json("merge", "parts", "--state", "merged.acc");
    expect(readFileSync(at("merged.acc")).equals(states[0])).toBe(true);
  });

  test("of more shards than rows some are empty", () => {
    const [x, t] = [Float64Array.of(1, Number.NaN, 3), Float64Array.of(1, 7, 0)];
    const three = written("three", { x, t, mask: Uint8Array.of(1, 0, 1), groups: BigInt64Array.of(5n, 6n, 7n) });
    rmSync(at("threeParts"), { recursive: true, force: true });
    const told = [1, 2, 3, 4, 5].map((i) =>
      json("evaluate", ...three, ...own, "--shard", `${i}/5`, "--state-dir", "threeParts"),
    );
    // each says which figures there are
    for (const it of told) expect(it.loss ?? it).toHaveProperty("clusteredStandardError");
    json("evaluate", ...three, ...own, "--state", "three.acc");
    json("merge", "threeParts", "--state", "threeMerged.acc");
    expect(readFileSync(at("threeMerged.acc")).equals(readFileSync(at("three.acc")))).toBe(true);
  });

  test.each([
    [["--mask", "few-x.npy"], "few-x.npy: a mask is f64, but must be integers", 1],
    [["--groups", "few-x.npy"], "few-x.npy: groups are f64, but must be integers", 1],
    [["--mask", "many-mask.npy"], "many-mask.npy: a mask of 1118576 rows, but there are 500 in few-x.npy", 1],
    [
      ["--groups", "many-groups.npy", "--shard", "1/2", "--state", "a.acc"],
      "many-groups.npy: groups of 1118576 rows",
      1,
    ],
    [["--groups", "nothing.npy"], "nothing.npy: no such file or directory", 1],
    [["--report", "few-mask.npy", "--mask", "few-mask.npy"], "--report", 2],
    [["--bytes", "7"], `--bytes is not for --loss ${loss}`, 2],
  ])("%j: %s", (options, message, code) => {
    const found = run("evaluate", "few-x.npy", "few-x.npy", ...own, ...options);
    expect(found).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
    expect(found.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("groups of some of the states are told", () => {
    json("evaluate", ...files, ...own, "--state", "a.acc");
    json("evaluate", ...files.slice(0, 4), ...own, "--shard", "1/2", "--state", "b.acc");
    const { code, stderr } = run("merge", "a.acc", "b.acc");
    expect([code, stderr]).toEqual([1, "wasm-loss: b.acc has no groups, but a.acc has\n"]);
  });
});
