// What a report says, without a browser; what it looks like is seen by test/browsers/report.ts.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { printable } from "../src/cli/printable.ts";
import { evaluationPanels } from "../src/cli/report/evaluationPanels.ts";
import { originLines } from "../src/cli/report/origin.ts";
import { type Pair, Pairs } from "../src/cli/report/pairs.ts";
import type { Panel } from "../src/cli/report/panel.ts";
import { regressionPanels } from "../src/cli/report/regressionPanels.ts";
import { evaluationReport, regressionReport } from "../src/cli/report/reports.ts";
import { version } from "../src/cli/version.ts";
import { createLosses } from "../src/index.node.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

const losses = await createLosses();
afterAll(() => losses.close());

const evaluate = (x: Float32Array, y: readonly number[], classes: number) =>
  losses.evaluate(x, y, { classes, perClass: true, topK: [1, 2].filter((k) => k <= classes) });
const panelsOf = (x: readonly number[], y: readonly number[], classes: number) =>
  evaluationPanels(printable(evaluate(Float32Array.from(x), y, classes)));
const named = (panels: readonly Panel[], id: string) => panels.find((panel) => panel.id === id)!;

const random = mulberry32(4);
const [rows, classes] = [300, 10];
const some = evaluate(
  logitsOf(random, "float32", rows, classes) as Float32Array,
  Array.from(labelsOf(random, rows, classes)),
  classes,
);
const making = {
  args: ["evaluate", "x.npy", "y.npy", "--report", "r.html"],
  inputs: [["logits", "x.npy: f32 (300, 10)"]],
} as const;
const run = { backend: "wasm", threads: 2, relaxed: false, notes: ["a note"], perSecond: 1e6 };
const report = (more: object = {}) =>
  evaluationReport({
    subject: { of: "x.npy", against: "the labels in y.npy" },
    making,
    evaluation: some,
    options: [["ignored label", "-100"]],
    run,
    perClass: false,
    ...more,
  });

describe("the page", () => {
  const html = report({
    evaluation: { ...some, worst: [{ row: 7, label: 1, predicted: -1, rank: 0, loss: Number.NaN }] },
  });
  const text = html.replace(/<(script|style)[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, "\n");

  test("says what was evaluated, when, by what and how", () => {
    expect(text).toContain("Evaluation of x.npy");
    expect(text).toContain("Against the labels in y.npy: 300 rows of 10 classes");
    for (const word of [
      /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/m,
      `wasm-loss ${version}`,
      "x.npy: f32 (300, 10)",
      "wasm, 2 threads",
      "a note",
    ]) {
      expect(text).toMatch(word);
    }
    expect(text.match(/wasm-loss\s+evaluate\s+x\.npy\s+y\.npy\s+--report\s+r\.html/)).not.toBeNull();
    expect(text).toMatch(/ignored label\s+-100/);
  });

  test("is understood without knowing the library: no word of octaves, no legend without a value", () => {
    expect(text).not.toMatch(/octave|undefined|null|\[object/);
    expect(text).not.toMatch(/(loss|accuracy|rows): ?-/);
  });

  test("loads nothing, and carries the licence of the plotting library", () => {
    expect(html).not.toMatch(/(src|href)=|@import|url\(|https?:\/\/(?!www\.w3\.org|github)/);
    const licence = readFileSync(new URL("../node_modules/uplot/LICENSE", import.meta.url), "utf8");
    expect(html).toContain(licence.trim());
    expect(text).toMatch(/Plots by uPlot [\d.]+, MIT licence/);
  });

  test("has names for those who don't see it: one h1, an h2 a panel, tables with headers, labels of plots", () => {
    expect(html.match(/<h1/g)).toHaveLength(1);
    const sections = html.match(/<section[\s\S]*?<\/section>/g)!;
    expect(sections).toHaveLength(7);
    for (const section of sections) {
      const [, id] = /aria-labelledby="([\w-]+)"/.exec(section)!;
      expect(section).toContain(`<h2 id="${id}">`);
      for (const line of section.match(/<tr>.*?<\/tr>/g)!) expect(line).toMatch(/^<tr><th scope="(row|col)">/);
    }
    const charts = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)![1]);
    expect(charts.map(({ id }: { id: string }) => id)).toEqual(["losses", "reliability", "confidence", "top"]);
    for (const { id, label } of charts) {
      expect(html).toContain(`<div class="plot" id="${id}"`);
      expect(label).toMatch(/^[A-Z].{30,}\.$/);
    }
  });

  test("is as the schemes of the reader want it, and as wide as the screen", () => {
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain("@media (prefers-color-scheme: dark)");
    expect(html).toContain('content="width=device-width, initial-scale=1"');
  });

  test("holds names as text, whatever they are", () => {
    const of = '</script><img src=x onerror="alert(1)">&amp;';
    const page = report({ subject: { of }, making: { args: ["evaluate", of], inputs: [["logits", of]] } });
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;/script&gt;&lt;img");
  });

  test("tells of rows that are not numbers, in words and tiles", () => {
    const evaluation = evaluate(Float32Array.of(Number.NaN, 0, 1, 0), [0, 1], 2);
    const page = report({ evaluation });
    expect(page).toContain("Rows whose loss is NaN: 1 with NaN.");
    const data = JSON.parse(/id="evaluation">(.*?)<\/script>/s.exec(page)![1]);
    expect(data.loss.mean).toBe("NaN");
    expect(JSON.stringify(data.calibration.bins)).not.toContain("NaN");
  });

  test("of no rows has figures, and panels that say so", () => {
    const page = report({ evaluation: evaluate(new Float32Array(0), [], 3) });
    expect(page.match(/No rows\./g)!.length).toBeGreaterThan(1);
    expect(/id="charts">(.*?)<\/script>/s.exec(page)![1]).toBe("[]");
  });
});

test("the command is as a shell takes it, and tells no secrets of addresses", () => {
  const args = ["evaluate", "a b.npy", "it's.npy", "https://me:secret@host/x.npy?signature=1#z", "--top-k", "1,5", ""];
  const [, , , [, command]] = originLines({ args, inputs: [] }, []);
  expect(command).toBe("wasm-loss evaluate 'a b.npy' 'it'\\''s.npy' https://host/x.npy --top-k 1,5 ''");
  const [[, date]] = originLines({ args, inputs: [] }, [], new Date(Date.UTC(2026, 0, 2, 3, 4, 59)));
  expect(date).toBe("2026-01-02 03:04 UTC");
});

describe("losses", () => {
  test("each bar is a bin, its area the number of its rows", () => {
    const [chart] = named(evaluationPanels(printable(some)), "losses-panel").charts;
    const counts = chart.bars!.map(({ from, to, value }) => value * Math.log2(to / from));
    expect(counts.map(Math.round)).toEqual(some.lossHistogram.map(({ count }) => count));
    expect(counts.reduce((a, b) => a + b)).toBeCloseTo(rows, 9);
    expect(chart.y.label).toBe("rows per doubling of the loss");
    expect(chart.bars!.every(({ from, to }) => from >= chart.x.min && to <= chart.x.max)).toBe(true);
  });

  test("below and beyond the histogram they are bars, too", () => {
    const panel = named(panelsOf([40, 0, 0, 1, -1e30, 2, 0, 0], [0, 0, 0, 0], 2), "losses-panel");
    expect(panel.table.rows.map(([name, count]) => [name, count])).toEqual([
      ["below 9.54e-7", "1"],
      ["0.625 to 0.75", "1"],
      ["1.25 to 1.5", "1"],
      ["256 and more", "1"],
    ]);
    const [{ bars }] = panel.charts;
    expect(bars![0]).toMatchObject({ from: 2 ** -21, to: 2 ** -20, value: 1 });
    expect(bars!.at(-1)).toMatchObject({ from: 256, to: 512, value: 1 });
  });
});

describe("reliability", () => {
  const panel = named(evaluationPanels(printable(some)), "reliability-panel");

  test("counts of the bins stand below, on the same axis; the diagonal is drawn", () => {
    const filled = some.calibration.bins.filter(({ count }) => count > 0);
    const [accuracy, counts] = panel.charts;
    expect([accuracy.x.min, accuracy.x.max]).toEqual([counts.x.min, counts.x.max]);
    expect(accuracy).toMatchObject({ diagonal: true, x: { min: 0, max: 1 }, y: { min: 0, max: 1 } });
    expect(accuracy.bars!.map(({ value }) => value)).toEqual(filled.map((bin) => bin.accuracy));
    expect(counts.bars!.map(({ value }) => value)).toEqual(filled.map(({ count }) => count));
    expect(panel.table.rows.map((row) => Number(row[3]))).toEqual(filled.map(({ count }) => count));
  });

  test("empty bins are left out: nothing is NaN", () => {
    expect(panel.table.rows.length).toBeLessThan(15);
    expect(JSON.stringify(panel)).not.toMatch(/NaN|null/);
  });
});

describe("classes", () => {
  const titleOf = (panels: readonly Panel[]) => named(panels, "classes-panel")?.title;
  const diagonal = (n: number) =>
    Array.from({ length: n * n }, (_, i) => (i % n === Math.floor(i / n) ? i / n / n : 0));
  const all = (n: number) => Array.from({ length: n }, (_, i) => i);

  test("few are all shown, by their number", () => {
    const panel = named(panelsOf(diagonal(40), all(40), 40), "classes-panel");
    expect(panel.title).toBe("Loss and accuracy of each class");
    expect(panel.table.rows.map(([label]) => label)).toEqual(all(40).map(String));
  });

  test("of more those of the highest loss, NaN before all, and the heading says so", () => {
    const x = diagonal(50);
    x[50 * 7] = Number.NaN;
    x[50 * 9 + 9] = Number.NEGATIVE_INFINITY;
    const panel = named(panelsOf(x, all(50), 50), "classes-panel");
    expect(panel.title).toBe("The 40 classes of the highest loss, of 50");
    expect(panel.table.rows).toHaveLength(40);
    expect(panel.table.rows.slice(0, 2).map(([label, , loss]) => [label, loss])).toEqual([
      ["7", { text: "NaN", share: 0 }],
      ["9", { text: "Infinity", share: 1 }],
    ]);
    expect(panel.table.rows[2][2]).toMatchObject({ share: 1 });
  });

  test("without labels are counted", () => {
    expect(named(panelsOf(diagonal(4), [1, 1, 1, 2], 4), "classes-panel").note).toMatch(/ 2 classes have no row\.$/);
    expect(named(panelsOf(diagonal(4), [1, 1, 0, 2], 4), "classes-panel").note).toMatch(/ 1 class has no row\.$/);
  });

  test("of a language model are shown only when they are asked for", () => {
    const n = 50257;
    const evaluation = evaluate(new Float32Array(3 * n), [0, 1, n - 1], n);
    expect(report({ evaluation })).not.toMatch(/classes-panel|"perClass"/);
    expect(report({ evaluation, perClass: true })).toMatch(/50,254 classes have no row/);
    expect(titleOf(panelsOf(diagonal(1000).fill(0), all(1000), 1000))).toBe(
      "The 40 classes of the highest loss, of 1,000",
    );
  });
});

test("rows of the highest loss: a heading that counts them", () => {
  const worst = Array.from({ length: 5 }, (_, row) => ({ row, label: 0, predicted: 1, rank: 2, loss: 3 }));
  const panel = (n: number) => named(evaluationPanels(printable({ ...some, worst: worst.slice(0, n) })), "worst-panel");
  expect(panel(0)).toBeUndefined();
  expect(panel(1).title).toBe("The row of the highest loss");
  expect(panel(5)).toMatchObject({ title: "The 5 rows of the highest loss" });
});

describe("regression", () => {
  test.each([1, 7, 3999, 4000, 4001, 25_000])("of %i pairs some are kept, evenly spaced, whatever the batches", (n) => {
    const all = Array.from({ length: n }, (_, i) => i);
    const samples = [n, 1, 999].map((batch) => {
      const pairs = new Pairs();
      for (let i = 0; i < n; i += batch) pairs.add(all.slice(i, i + batch), all.slice(i, i + batch));
      return pairs.sample;
    });
    const step = samples[0].length > 1 ? samples[0][1][0] : 1;
    expect(samples[0].map(([p]) => p)).toEqual(all.filter((i) => i % step === 0));
    expect(samples[0].length).toBeGreaterThanOrEqual(Math.min(n, 2000));
    expect(samples[0].length).toBeLessThan(4000);
    for (const sample of samples) expect(sample).toEqual(samples[0]);
  });

  test("a plot with the diagonal, and errors by target", () => {
    const pairs = Array.from({ length: 100 }, (_, i): Pair => [i + 1, i]).reverse();
    const [panel] = regressionPanels([...pairs, [Number.NaN, 3], [1, Number.POSITIVE_INFINITY]], 102);
    expect(panel.note).toMatch(/^All 102 pairs/);
    expect(panel.charts[0]).toMatchObject({ diagonal: true, x: { label: "target" }, y: { label: "prediction" } });
    expect(panel.charts[0].points).toHaveLength(100);
    expect(panel.table.rows[0]).toEqual(["0 to 9", "10", "1", "1"]);
    expect(panel.table.rows).toHaveLength(10);
    expect(regressionPanels([], 0)).toEqual([]);
    expect(regressionPanels([[2, 2]], 1)[0].charts[0].x).toMatchObject({ min: 1.94, max: 2.06 });
  });

  test("its page", () => {
    const regression = { elements: 3, count: 3, mse: 4, rmse: 2, mae: 1, maximumError: 3, mape: 0.25, r2: 0.5 };
    const page = regressionReport({
      subject: { of: "p.npy", against: "the targets in t.npy" },
      making,
      regression,
      run,
      sample: [[1, 2]],
    });
    expect(page).toContain("<h1>Regression of p.npy</h1>");
    expect(page).toContain("Against the targets in t.npy: 3 pairs");
    expect(page).toContain("Predictions against targets");
    expect(JSON.parse(/id="evaluation">(.*?)<\/script>/s.exec(page)![1])).toEqual(regression);
  });
});

/** Ticks of an axis without a length, or of one shorter than numbers can tell, have no end. */
describe("axes have a length", () => {
  const lengthsOf = (panels: readonly Panel[]) =>
    panels.flatMap(({ charts }) => charts.flatMap(({ x, y }) => [x, y].map(({ min, max }) => [min, max])));
  const isLong = ([min, max]: readonly number[]) =>
    Number.isFinite(max - min) && max - min > 1e-7 * Math.max(Math.abs(min), Math.abs(max));

  for (const [what, x, y] of [
    ["a model that is always right", [9, 0, 0, 9, 0, 0], [0, 0]],
    ["one that is always wrong", [9, 0, 0, 9, 0, 0], [1, 1]],
    ["equal logits", [0, 0, 0, 0, 0, 0], [0, 0]],
    ["losses of 0", [1000, 0, 0, 1000, 0, 0], [0, 0]],
    ["a single row", [1, 2, 3], [1]],
    ["losses without an end", [0, -1e30, 1e30, 0, -1e30, 1e30], [1, 1]],
  ] as const) {
    test(what, () => {
      const lengths = lengthsOf(panelsOf(x, [...y], 3));
      expect(lengths.length).toBeGreaterThan(4);
      expect(lengths.filter((it) => !isLong(it))).toEqual([]);
    });
  }

  test.each([
    [[0, 0]],
    [[-3, -3]],
    [[1, 1 + Number.EPSILON]],
    [[-1e307, 1e307]],
    [[0, 1, -1.7e308, 1.7e308]],
    [[0, 5e-324]],
  ])("pairs of %j", (values) => {
    const lengths = lengthsOf(
      regressionPanels(
        values.map((it): Pair => [it, it]),
        values.length,
      ),
    );
    expect(lengths).toHaveLength(2);
    expect(lengths.filter((it) => !isLong(it))).toEqual([]);
  });
});

test("the picture in the README is of these panels", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, alt] = /<img src="docs\/report\.png" [^>]*alt="([^"]*)"/.exec(readme)!;
  const worst = [1, 2, 3, 4, 5].map((row) => ({ row, label: 0, predicted: 1, rank: 2, loss: 3 }));
  const titles = [...report({ evaluation: { ...some, worst } }).matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(
    ([, title]) => title,
  );
  expect(alt).toBe(`The report of the digits: ${titles.join("; ")}.`);
});

describe("what is confused", () => {
  const panelOf = (classes: number, id: string) => {
    const random = mulberry32(classes);
    const x = logitsOf(random, "float32", 400, classes);
    x[0] = Number.NaN;
    const labels = labelsOf(random, 400, classes);
    const it = losses.evaluate(x as Float32Array, labels, { classes, confusion: true, percentiles: true });
    return { it, panel: evaluationPanels(printable(it)).find((panel) => panel.id === id)! };
  };

  test("of few classes: a square, whose rows add up to the rows of each label", () => {
    const { it, panel } = panelOf(5, "confusion-panel");
    expect(panel.table.head).toEqual(["label", "0", "1", "2", "3", "4", "NaN"]);
    panel.table.rows.forEach(([label, ...cells], i) => {
      const counts = cells.map((cell) => Number((cell as { text: string }).text));
      const { support } = it.classification!.perClass[i];
      expect([label, counts.reduce((a, b) => a + b)]).toEqual([String(i), support]);
      cells.forEach((cell, j) => {
        expect((cell as { heat: number }).heat).toBeCloseTo(counts[j] / support, 12);
      });
    });
  });

  test("of many: the pairs that are confused most often", () => {
    const { it, panel } = panelOf(50, "confusion-panel");
    const wrong = it.classification!.confusion.filter(({ label, predicted }) => label !== predicted);
    const counts = panel.table.rows.map(([, , cell]) => Number((cell as { text: string }).text));
    expect(counts).toEqual(
      wrong
        .map(({ count }) => count)
        .sort((a, b) => b - a)
        .slice(0, 30),
    );
  });

  test("percentiles are listed, rising", () => {
    const { it, panel } = panelOf(5, "percentiles-panel");
    expect(panel.table.rows.length).toBe(Object.keys(it.lossPercentiles!).length);
    const percents = panel.table.rows.map(([percent]) => Number(percent));
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });
});
