// What a person does with the page, in a frame beside: files are dropped, buttons pressed, and the figures are those of the
// command line, to the last digit.

import { beforeAll, describe, expect, test } from "vitest";
import type { Given } from "./pageFiles.ts";
import { button, load, PATIENCE_MILLISECONDS, page, realm, saved, until } from "./pageFrame.ts";

const given: Given[] = await (await fetch("given.json")).json();

function drop(files: readonly File[]): void {
  const { DataTransfer: Transfer, DragEvent: Drag } = realm();
  const dataTransfer = new Transfer();
  for (const file of files) dataTransfer.items.add(file);
  page()
    .querySelector(".drop")!
    .dispatchEvent(new Drag("drop", { bubbles: true, cancelable: true, dataTransfer }));
}

async function takeAllOut(): Promise<void> {
  for (;;) {
    const first = page().querySelector<HTMLButtonElement>(".files button");
    if (first === null) return;
    const files = page().querySelectorAll(".files li").length;
    first.click();
    await until(() => page().querySelectorAll(".files li").length < files);
  }
}

const fileOf = async (name: string) => new File([await (await fetch(`given/${name}`)).blob()], name);
const isDone = () => page().body.textContent!.includes("Done: the report is below.");
const failure = () => page().querySelector("[role=alert] .failure")?.textContent ?? undefined;

/** Checks boxes of the form, or takes the checks away. */
function press(boxes: readonly string[]): void {
  for (const id of boxes) page().querySelector<HTMLInputElement>(`#${id}`)!.click();
}

/** Writes further options. */
function write(words: string): void {
  const field = page().querySelector<HTMLInputElement>("#further")!;
  field.value = words;
  field.dispatchEvent(new (realm().Event)("input", { bubbles: true }));
}

async function evaluate(files: readonly File[]): Promise<void> {
  await takeAllOut();
  drop(files);
  await until(() => page().querySelectorAll(".files li").length === files.length && !button("Evaluate").disabled);
  button("Evaluate").click();
  await until(() => page().querySelector("progress") !== null || isDone() || failure() !== undefined);
}

async function savedText(name: string, press: string): Promise<string> {
  button(press).click();
  await until(() => saved.has(name));
  return (await fetch(saved.get(name)!)).text();
}

beforeAll(() => load(), PATIENCE_MILLISECONDS);

describe("given files", () => {
  test.each(given)("$name", async ({ files, boxes = [], further = "", figures, sentence, warning }) => {
    press(boxes);
    write(further);
    await evaluate(await Promise.all(files.map(fileOf)));
    await until(() => !page().querySelector("progress") && (isDone() || failure() !== undefined));
    press(boxes);
    write("");
    expect(failure()).toBe(sentence);
    if (figures === undefined) return;
    const { backend, threads, relaxed, notes, logitsPerSecond, ...found } = JSON.parse(
      await savedText("evaluation.json", "JSON"),
    );
    saved.clear();
    expect(found).toEqual(figures);
    if (warning !== undefined) {
      expect([...page().querySelectorAll(".warn")].map((it) => it.textContent).join(" ")).toContain(warning);
    }
    await until(() => page().querySelectorAll(".panels section").length > 2);
    await until(() => page().querySelectorAll("canvas").length === page().querySelectorAll(".plot").length);
  });
});

test("the digits by one click; the report that is saved carries its plots", async () => {
  button("Try the digits").click();
  await until(() => isDone() && page().body.textContent!.includes("2,000 rows of 10 classes"));
  const report = await savedText("report.html", "Report");
  expect(report).toContain("uPlot");
  expect(report).toContain('<script type="application/json" id="evaluation">');
  expect(report.length).toBeGreaterThan(60_000);
});

test("a click on a column's name sorts by it, one more the other way round", async () => {
  await until(() => page().querySelector("#worst-panel table") !== null);
  const table = page().querySelector<HTMLTableElement>("#worst-panel table")!;
  const column = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[0].textContent));
  const head = table.tHead!.rows[0].cells[0];
  head.querySelector("button")!.click();
  expect(column()).toEqual(column().toSorted((a, b) => b - a));
  expect(head.getAttribute("aria-sort")).toBe("descending");
  head.querySelector("button")!.click();
  expect(column()).toEqual(column().toSorted((a, b) => a - b));
});

const ZEROS = 2 ** 24;
const zeros = new Blob([new Uint8Array(ZEROS)]);

/** An npy file of zeros, which takes little memory however large it is. */
function largeFile(name: string, descr: string, bytesPerElement: number, shape: readonly number[]): File {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}${shape.length === 1 ? "," : ""}), }`;
  const header = new TextEncoder().encode(`${text.padEnd(117)}\n`);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
  const bytes = bytesPerElement * shape.reduce((a, b) => a * b);
  const data = Array.from({ length: Math.ceil(bytes / ZEROS) }, (_, i) => zeros.slice(0, bytes - i * ZEROS));
  return new File([new Uint8Array([...magic, header.length, 0, ...header]), ...data], name);
}

test(
  "a large file is cancelled in the middle, and the next one is evaluated",
  async () => {
    const rows = 2 ** 24;
    await evaluate([largeFile("large.npy", "<f4", 4, [rows, 16]), largeFile("y.npy", "|u1", 1, [rows])]);
    await until(() => /\d %, .*logits\/s, \d+ (s|min) left/.test(page().querySelector(".progress")?.textContent ?? ""));
    button("Cancel").click();
    await until(() => page().body.textContent!.includes("Cancelled."));
    await evaluate([await fileOf("logits.npy"), await fileOf("labels.npy")]);
    await until(isDone);
  },
  2 * PATIENCE_MILLISECONDS,
);

// once in each browser: it takes longer than all else here
test.runIf(crossOriginIsolated)(
  "a file of 2 GiB is evaluated to its end",
  async () => {
    const rows = 2 ** 19;
    const classes = 1024;
    await evaluate([largeFile("2GiB.npy", "<f4", 4, [rows, classes]), largeFile("y.npy", "|u1", 1, [rows])]);
    await until(() => isDone() || failure() !== undefined);
    expect(failure()).toBe(undefined);
    const found = JSON.parse(await savedText("evaluation.json", "JSON"));
    saved.clear();
    expect(found).toMatchObject({ rows, accuracy: 1 });
    expect(found.loss.mean).toBeCloseTo(Math.log(classes), 12);
  },
  2 * PATIENCE_MILLISECONDS,
);

test("it says on how many threads it computes, and runs again when it is loaded again", async () => {
  const footer = page().querySelector("footer")!.textContent!;
  if (realm().crossOriginIsolated) expect(footer).toContain("threads");
  else expect(footer).toContain("Computed on one thread");
  await load();
  button("Try the digits").click();
  await until(isDone);
});
