import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { classCells, regressionTable } from "../../src/cli/tables.ts";
import { Highest } from "../../src/evaluate/highest.ts";
import { decode, withCoverage } from "../../src/evaluate/state.ts";
import { createLosses, evaluationOf, mergeStates } from "../../src/index.node.ts";
import { figures, workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json, folder } = workshop();
const [rows, classes] = [90, 12];
const logits = logitsOf(mulberry32(1), "float32", rows, classes) as Float32Array;
const labels = labelsOf(mulberry32(2), rows, classes, -100);
logits[3 * classes] = Number.NaN;
labels[3] = 1;
const files = ["logits.npy", "labels.npy"];

beforeAll(() => {
  writeFileSync(at("logits.npy"), npy(logits, [rows, classes]));
  writeFileSync(at("labels.npy"), npy(labels, [rows]));
  for (const [i, [from, to]] of [
    [0, 20],
    [20, 21],
    [21, 90],
  ].entries()) {
    writeFileSync(at(`x${i}.npy`), npy(logits.subarray(from * classes, to * classes), [to - from, classes]));
    writeFileSync(at(`y${i}.npy`), npy(labels.subarray(from, to), [to - from]));
  }
});

/** The JSON and the table of a report. */
function parseReport(name: string) {
  const html = readFileSync(at(name), "utf8");
  const data = JSON.parse(/<script type="application\/json" id="evaluation">(.*?)<\/script>/s.exec(html)![1]);
  const table = /<table id="figures">(.*?)<\/table>/s.exec(html)![1];
  const cells = [...table.matchAll(/<th scope="row">(.*?)<\/th><td>(.*?)<\/td>/gs)].map(([, name, value]) => [
    name,
    value,
  ]);
  return { html, data, cells };
}

describe("states", () => {
  test("parts merge to the state and the figures of the whole, in any order", () => {
    const whole = json("evaluate", ...files, "--state", "whole.acc");
    for (const i of [0, 1, 2]) json("evaluate", `x${i}.npy`, `y${i}.npy`, "--state", `part${i}.acc`);
    const { coverage, ...merged } = json("merge", "part2.acc", "part0.acc", "part1.acc", "--state", "merged.acc");
    expect(merged).toEqual(figures(whole));
    const held = (coverage as { source: string; rows: unknown }[]).sort((a, b) => (a.source < b.source ? -1 : 1));
    expect(held).toEqual([20, 1, 69].map((n, i) => ({ source: `x${i}.npy`, rows: [[0, n - 1]] })));
    // they came of other files
    const bare = (name: string) => withCoverage(new Uint8Array(readFileSync(at(name))), null);
    expect(bare("merged.acc")).toEqual(bare("whole.acc"));
    const parts = [0, 1, 2].map((i) => new Uint8Array(readFileSync(at(`part${i}.acc`))));
    expect(JSON.parse(JSON.stringify(evaluationOf(mergeStates(...parts)).calibration.expectedError))).toBe(
      whole.calibration.expectedError,
    );
    const linesOf = (...args: string[]) =>
      run(...args)
        .stdout.split("\n")
        .filter((line) => !/^(backend|speed|note|holds)/.test(line));
    expect(linesOf("merge", "part0.acc", "part1.acc", "part2.acc")).toEqual(linesOf("evaluate", ...files));
  });

  test("one that is given twice counts once, and it is told; rows that two hold are refused", () => {
    json("evaluate", ...files, "--state", "once.acc");
    const once = run("merge", "once.acc");
    expect(once.stdout).toMatch(/^holds .*rows 0\.\.89 of 90 of logits\.npy$/m);
    writeFileSync(at("copy.acc"), readFileSync(at("once.acc")));
    expect(run("merge", "once.acc", "copy.acc", "once.acc")).toEqual({
      ...once,
      stderr: "wasm-loss: copy.acc, once.acc: the same state again; it counts once\n",
    });
    // the same rows, added up otherwise
    const halved = logits.map((x) => x / 2);
    mkdirSync(at("other"));
    writeFileSync(at("other/logits.npy"), npy(halved, [rows, classes]));
    const known = new Uint8Array(readFileSync(at("once.acc")));
    const { coverage } = decode(known, "state");
    json("evaluate", "other/logits.npy", "labels.npy", "--state", "halved.acc");
    writeFileSync(at("halved.acc"), withCoverage(new Uint8Array(readFileSync(at("halved.acc"))), coverage));
    expect(run("merge", "once.acc", "halved.acc")).toMatchObject({
      code: 1,
      stderr: "wasm-loss: halved.acc: holds rows 0..89 of logits.npy, which once.acc holds too\n",
    });
  });

  test("backends and threads give the same state", () => {
    const states = [
      ["--backend", "js"],
      ["--threads", "auto"],
      ["--threads", "2"],
    ].map((options) => {
      json("evaluate", ...files, ...options, "--state", "b.acc");
      return readFileSync(at("b.acc"), "hex");
    });
    json("evaluate", ...files, "--state", "b.acc");
    expect(new Set([...states, readFileSync(at("b.acc"), "hex")]).size).toBe(1);
  });

  test("a bad one is refused with its name", () => {
    json("evaluate", ...files, "--state", "good.acc");
    json("evaluate", ...files, "--state", "other.acc", "--top-k", "2");
    writeFileSync(at("cut.acc"), readFileSync(at("good.acc")).subarray(0, 90));
    const fail = (line: RegExp, ...args: string[]) => {
      const { code, stdout, stderr } = run("merge", ...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(line);
    };
    fail(
      /^wasm-loss: cut\.acc: is truncated or was altered: its checksum is \w+, but its bytes give \w+\n$/,
      "cut.acc",
    );
    fail(
      /^wasm-loss: other\.acc: has topK \[2\], but \[1,2,3,4,5,10\] is that of good\.acc\n$/,
      "good.acc",
      "other.acc",
    );
    fail(
      /^wasm-loss: logits\.npy: is no state, as evaluate and compare write with --state\n$/,
      "good.acc",
      "logits.npy",
    );
    expect(run("evaluate", "logits.npy", "logits.npy", "--loss", "mse", "--state", "mse.acc").code).toBe(0);
    for (const [first, second, loss, other] of [
      ["good.acc", "mse.acc", "cross-entropy", "mse"],
      ["mse.acc", "good.acc", "mse", "cross-entropy"],
    ]) {
      const { code, stdout, stderr } = run("merge", first, first, second);
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: "",
        stderr: `wasm-loss: ${second}: is a state of --loss ${other}, but ${first} is one of --loss ${loss}\n`,
      });
    }
    fail(
      /^wasm-loss: logits\.npy: is no state, as evaluate and compare write with --state\n$/,
      "mse.acc",
      "logits.npy",
    );
    fail(/^wasm-loss: none\.acc: no such file or directory\n$/, "none.acc");
    expect(run("merge")).toMatchObject({ code: 2, stderr: expect.stringContaining("merge takes one file or more") });
  });
});

describe("report", () => {
  test("one page of the numbers of --json, that loads nothing", () => {
    const printed = json("evaluate", ...files, "--report", "report.html", "--worst", "4");
    const { html, data, cells } = parseReport("report.html");
    const { worst, ...rest } = figures(printed);
    expect(data).toEqual({ ...rest, worst });
    const table = run("evaluate", ...files)
      .stdout.trim()
      .split("\n");
    expect(cells.slice(0, 12).map(([name, value]) => `${name}  ${value}`)).toEqual(
      table.slice(0, 12).map((line) => line.replace(/ {2,}/, "  ")),
    );
    expect(html).not.toMatch(/(src|href)=|@import|url\(|https?:\/\/(?!www\.w3\.org|github)/);
    expect(html).toContain("uPlot");
    for (const { row } of worst as { row: number }[]) expect(html).toContain(`<th scope="row">${row}</th>`);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    json("evaluate", ...files, "--state", "r.acc");
    expect(run("merge", "r.acc", "--report", "merged.html").code).toBe(0);
    const { coverage, ...merged } = parseReport("merged.html").data;
    expect(merged).toEqual(rest);
    expect(coverage).toEqual([{ source: "logits.npy", rows: [[0, 89]] }]);
  });

  test("of --loss mse, from files and from states; half precision as numbers", () => {
    const half = Uint16Array.of(0x3c00, 0x4000, 0x4200);
    writeFileSync(at("p.npy"), npy(half, [3], "<f2"));
    writeFileSync(at("t.npy"), npy(half.with(2, 0x4400), [3], "<f2"));
    const printed = json("evaluate", "p.npy", "t.npy", "--loss", "mse", "--report", "mse.html", "--state", "mse.acc");
    const { html, data, cells } = parseReport("mse.html");
    expect(data).toEqual(figures(printed));
    expect(cells.map(([name]) => name)).toEqual(["mse", "rmse", "mae", "maximum error", "mape", "R2", "elements"]);
    expect(html).toContain("target 4, prediction 3");
    json("merge", "mse.acc", "--report", "merged.html");
    expect(parseReport("merged.html").data).toEqual(data);
    expect(parseReport("merged.html").html).not.toContain("Predictions against targets");
    expect(run("merge", "mse.acc", "--per-class").stderr).toBe(
      "wasm-loss: --per-class is not for states of --loss mse (see wasm-loss --help)\n",
    );
  });

  test("of a state of many classes, those of each only where they are asked for", () => {
    const n = 1001;
    writeFileSync(at("manyX.npy"), npy(new Float32Array(2 * n), [2, n]));
    writeFileSync(at("manyY.npy"), npy(Uint16Array.of(0, 1000), [2]));
    for (const [args, shown] of [
      [["evaluate", "manyX.npy", "manyY.npy"], false],
      [["evaluate", "manyX.npy", "manyY.npy", "--state", "many.acc"], false],
      [["merge", "many.acc"], false],
      [["evaluate", "manyX.npy", "manyY.npy", "--per-class"], true],
      [["merge", "many.acc", "--per-class"], true],
    ] as const) {
      json(...args, "--report", "many.html");
      const { html, data } = parseReport("many.html");
      expect([html.includes("Loss and accuracy of each class"), "perClass" in data], args.join(" ")).toEqual([
        shown,
        shown,
      ]);
    }
    expect(run("merge", "many.acc", "--per-class").stdout).toMatch(/\n *class +rows +loss +accuracy\n/);
  });

  test("a place that can't be written is known before the work; nothing is left behind", () => {
    const before = readdirSync(folder);
    mkdirSync(at("folder"));
    for (const [path, line] of [
      ["missing/r.html", "missing: no such file or directory"],
      ["folder", "folder: is a directory"],
      // Other systems have no such descriptors.
      ...(existsSync("/proc/self/fd") ? [["/dev/fd/99", "/dev/fd/99: no such file or directory"]] : []),
    ]) {
      const { code, stdout, stderr } = run("evaluate", ...files, "--state", "s.acc", "--report", path);
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: `wasm-loss: ${line}\n` });
    }
    expect(readdirSync(folder)).toEqual([...before, "folder"].sort());
    // Other systems have no such device.
    if (existsSync("/dev/full")) {
      const { code, stderr } = run("evaluate", ...files, "--state", "s.acc", "--report", "/dev/full");
      expect({ code, stderr }).toEqual({ code: 1, stderr: "wasm-loss: /dev/full: no space left on device\n" });
      expect(existsSync(at("s.acc"))).toBe(false);
    }
  });
});

test("--worst lists the rows of the highest loss, NaN first", async () => {
  const losses = await createLosses();
  const all = losses.crossEntropy(logits, labels, { classes, reduction: "none" });
  losses.close();
  const order = Array.from(all.keys())
    .filter((row) => labels[row] !== -100)
    .sort((a, b) => Number(Number.isNaN(all[b])) - Number(Number.isNaN(all[a])) || all[b] - all[a] || a - b);
  const { worst } = json("evaluate", ...files, "--worst", "20");
  expect(worst.map(({ row }: { row: number }) => row)).toEqual(order.slice(0, 20));
  expect(worst[0]).toEqual({ row: 3, label: 1, predicted: null, rank: null, loss: "NaN" });
  for (const { row, label, predicted, rank, loss } of worst.slice(1)) {
    const x = Array.from(logits.subarray(row * classes, (row + 1) * classes));
    expect({ label, loss, predicted }).toEqual({
      label: labels[row],
      loss: all[row],
      predicted: x.indexOf(Math.max(...x)),
    });
    expect(rank).toBe(x.filter((v) => v > x[label]).length + 1);
  }
  const lines = run("evaluate", ...files, "--worst", "2")
    .stdout.trimEnd()
    .split("\n");
  expect(lines.at(-3)).toMatch(/^ *row +label +predicted +rank +loss$/);
  expect(lines.at(-2)).toMatch(/^ *3 +1 +- +- +NaN$/);
  expect(json("evaluate", ...files, "--worst", "0").worst).toEqual([]);
});

test("of losses in any order the worst are kept, of equals the first", () => {
  const random = mulberry32(3);
  const n = 3000;
  const any = Array.from({ length: n }, () => (random() < 0.1 ? Number.NaN : Math.floor(random() * 50)));
  const rising = Array.from({ length: n }, (_, i) => i);
  for (const all of [any, rising, [...rising].reverse(), new Array<number>(n).fill(1)]) {
    const order = [...all.keys()].sort((a, b) => {
      const [x, y] = [all[a], all[b]].map((loss) => (Number.isNaN(loss) ? 1e9 : loss));
      return y - x || a - b;
    });
    for (const most of [0, 1, 2, 7, 999, n, n + 5]) {
      const worst = new Highest<{ source: string; row: number; loss: number }>(most, ({ loss }) => loss);
      all.forEach((loss, row) => {
        if (worst.wants(loss)) worst.add({ source: "", row, loss });
      });
      expect(worst.sorted().map(({ row }) => row)).toEqual(order.slice(0, most));
    }
  }
});

test("the table says what computed", () => {
  const result = { elements: 1, count: 1, mse: 1, rmse: 1, mae: 1, maximumError: 1, mape: 1, r2: 0 };
  const shown = (relaxed: boolean, threads: number) =>
    /^backend +(.*)$/m.exec(
      regressionTable(result, { backend: "wasm", relaxed, threads, notes: [], perSecond: 1 }),
    )![1];
  expect([shown(false, 1), shown(true, 1), shown(true, 2)]).toEqual([
    "wasm",
    "wasm, relaxed",
    "wasm, relaxed, 2 threads",
  ]);
});

test("the table and JSON have no k above the classes", () => {
  const top = (n: number, ...args: string[]) => {
    writeFileSync(at("narrowX.npy"), npy(logits.slice(0, n * 6).fill(1), [6, n]));
    writeFileSync(at("narrowY.npy"), npy(new Uint8Array(6), [6]));
    const command = ["evaluate", "narrowX.npy", "narrowY.npy", ...args];
    return [run(...command).stdout.match(/^top-\d+/gm), Object.keys(json(...command).topK)];
  };
  expect(top(1, "--classes", "1")).toEqual([null, ["1"]]);
  expect(top(4)).toEqual([null, ["1", "2", "3", "4"]]);
  expect(top(5)).toEqual([["top-5"], ["1", "2", "3", "4", "5"]]);
  // what is asked for is in JSON
  expect(top(4, "--top-k", "2,5,9")).toEqual([["top-2"], ["2", "5", "9"]]);
});

test("bins of the calibration without rows are left out of JSON, not NaN", () => {
  const { calibration } = json("evaluate", ...files, "--state", "bins.acc");
  expect(calibration.bins.length).toBeLessThan(15);
  for (const { from, to, confidence, accuracy, count } of calibration.bins) {
    expect(count).toBeGreaterThan(0);
    expect(Number.isFinite(accuracy)).toBe(true);
    expect(to - from).toBeCloseTo(1 / 15, 12);
    expect(confidence > from - 1e-12 && confidence < to + 1e-12).toBe(true);
  }
  expect(json("merge", "bins.acc").calibration).toEqual(calibration);
  writeFileSync(at("noneX.npy"), npy(new Float32Array(0), [0, 3]));
  writeFileSync(at("noneY.npy"), npy(new Uint8Array(0), [0]));
  expect(json("evaluate", "noneX.npy", "noneY.npy").calibration.bins).toEqual([]);
});

test("--per-class of many classes: those of the highest and the lowest loss, NaN first; all in JSON", () => {
  const table = (n: number) => {
    const perClass = Array.from({ length: n }, (_, label) => ({ label, count: 1, loss: (label * 7) % n, accuracy: 0 }));
    if (n > 3) perClass[3].loss = Number.NaN;
    return classCells({ perClass } as never);
  };
  expect(table(40).map(([label]) => label)).toEqual(["class", ...Array.from({ length: 40 }, (_, i) => String(i))]);
  const lines = table(1000).map(([label, , loss]) => [label, loss]);
  expect(lines).toHaveLength(42);
  expect(lines.slice(0, 3)).toEqual([
    ["class", "loss"],
    ["3", "NaN"],
    ["857", "999"],
  ]);
  expect(lines[21]).toEqual(["...", "..."]);
  expect(lines.slice(22).map(([, loss]) => Number(loss))).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
  const n = 50;
  writeFileSync(at("manyX.npy"), npy(new Float32Array(n * n), [n, n]));
  const y = Uint8Array.from({ length: n }, (_, i) => i);
  writeFileSync(at("manyY.npy"), npy(y, [n]));
  expect(json("evaluate", "manyX.npy", "manyY.npy", "--per-class").perClass).toHaveLength(n);
  expect(run("evaluate", "manyX.npy", "manyY.npy", "--per-class").stdout.split("\n\n")[1].split("\n")).toHaveLength(43);
});

test("the table has every k that was asked for", () => {
  const shown = (...args: string[]) => run(...args).stdout.match(/^top-\d+/gm);
  expect(shown("evaluate", ...files)).toEqual(["top-5", "top-10"]);
  expect(shown("evaluate", ...files, "--top-k", "1,2,3,4,6,7", "--state", "k.acc")).toEqual(
    [2, 3, 4, 6, 7].map((k) => `top-${k}`),
  );
  expect(shown("merge", "k.acc")).toEqual([2, 3, 4, 6, 7].map((k) => `top-${k}`));
});

test("--top-k and --per-class", () => {
  const it = json("evaluate", ...files, "--top-k", "3,1,7", "--per-class");
  expect(Object.keys(it.topK)).toEqual(["1", "3", "7"]);
  expect(it.perClass.reduce((n: number, { count }: { count: number }) => n + count, 0)).toBe(it.counted);
  const [, list, worst] = run("evaluate", ...files, "--per-class", "--worst", "1").stdout.split("\n\n");
  const lines = list.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(lines[0]).toEqual(["class", "rows", "loss", "accuracy"]);
  expect(lines.slice(1).map(([label, count]) => ({ label: Number(label), count: Number(count) }))).toEqual(
    it.perClass.map(({ label, count }: Record<string, number>) => ({ label, count })),
  );
  for (const [i, { loss, accuracy }] of it.perClass.entries()) {
    expect(Number(lines[i + 1][2])).toBe(Number(Number(loss).toPrecision(7)));
    expect(lines[i + 1][3]).toBe(`${(100 * accuracy).toFixed(2)} %`);
  }
  expect(worst).toMatch(/^ *row +label /);
});

describe("wrong usage: one line, exit code 2", () => {
  test.each<[string[], string]>([
    [["evaluate", ...files, "--loss", "hinge"], '--loss is "hinge", but must be one of cross-entropy, mse, binary'],
    [["evaluate", ...files, "--threads", "0"], '--threads (or auto) is "0", but must be an integer from 1 to 1024'],
    [
      ["evaluate", ...files, "--threads", "5000"],
      '--threads (or auto) is "5000", but must be an integer from 1 to 1024',
    ],
    ...["f8", "float8", "float", "i8"].map((it): [string[], string] => [
      ["evaluate", ...files, "--dtype", it],
      `--dtype is "${it}", but must be one of f16, bf16, f32, f64`,
    ]),
    [
      ["evaluate", ...files, "--labels-dtype", "c8"],
      '--labels-dtype is "c8", but must be one of f16, bf16, f32, f64, i8, u8, i16, u16, i32, u32, i64, u64, bool',
    ],
    [
      ["evaluate", "logits.npy", "logits.npy", "--loss", "mse", "--labels-dtype", "i8"],
      '--labels-dtype is "i8", but must be one of f16, bf16, f32, f64',
    ],
    ...["x", "0", "16777217", "99999999"].map((it): [string[], string] => [
      ["evaluate", ...files, "--top-k", `1,${it}`],
      `--top-k is "${it}", but must be an integer from 1 to 16777216`,
    ]),
    [
      ["evaluate", ...files, "--top-k", Array.from({ length: 65 }, (_, i) => i + 1).join()],
      "--top-k has 65 numbers, but at most 64 are counted",
    ],
    ...[
      ["--classes", "12"],
      ["--ignore-index", "-100"],
      ["--shift"],
      ["--top-k", "1"],
      ["--per-class"],
      ["--worst", "0"],
    ].map((option): [string[], string] => [
      ["evaluate", "logits.npy", "logits.npy", "--loss", "mse", ...option],
      `${option[0]} is not for --loss mse`,
    ]),
    ...["-1", "1000001"].map((it): [string[], string] => [
      ["evaluate", ...files, `--worst=${it}`],
      `--worst is "${it}", but must be an integer from 0 to 1000`,
    ]),
    [["evaluate", "-", "-"], "only one of LOGITS and LABELS can be -"],
    [
      ["evaluate", "-", "labels.npy", "--mask", "-", "--groups", "-"],
      "only one of LOGITS and --groups and --mask can be -",
    ],
    [["compare", "-", "-"], "only one of BASE and OTHER can be -"],
    [["compare", "logits.npy", "-", "--mask", "-"], "only one of OTHER and --mask can be -"],
    [["merge", "--frobnicate"], "Unknown option '--frobnicate'"],
  ])("%j", (args, line) => {
    expect(run(...args)).toEqual({ code: 2, stdout: "", stderr: `wasm-loss: ${line} (see wasm-loss --help)\n` });
  });
});
