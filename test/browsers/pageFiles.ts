/** The page as it is built, and files to give it, with what the command line says of them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPage } from "../../scripts/buildPage.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { bytesOf, npy, safetensors, zip } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const built = fileURLToPath(new URL("../../build/page", import.meta.url));

/** Files that are given together, and what becomes of them in the page and on the command line. */
export interface Given {
  readonly name: string;
  /** In the order in which they are dropped. */
  readonly files: readonly string[];
  /** Boxes of the form that are checked. */
  readonly boxes?: readonly string[];
  /** What is written beside the boxes. */
  readonly further?: string;
  /** What --json prints, without what depends on the engine; or the sentence of an error. */
  readonly figures?: unknown;
  readonly sentence?: string;
  /** A part of what the page warns of. */
  readonly warning?: string;
}

/** Without what depends on the engine and the moment. */
export function figuresOf(json: string): unknown {
  const { backend, threads, relaxed, notes, logitsPerSecond, elementsPerSecond, ...figures } = JSON.parse(json);
  return figures;
}

function run(folder: string, args: readonly string[]): { figures?: unknown; sentence?: string } {
  const outputs = ["--report", "r.html", "--state", "s.acc", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, ...outputs], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) return { figures: figuresOf(stdout) };
  return { sentence: stderr.replace(/^wasm-loss: /, "").trim() };
}

function writeGiven(folder: string): Given[] {
  const random = mulberry32(17);
  const [rows, classes] = [3000, 25];
  const x = logitsOf(random, "float32", rows, classes) as Float32Array;
  const y = labelsOf(random, rows, classes);
  const at = (name: string) => join(folder, name);
  writeNpy(at("logits.npy"), x, [rows, classes]);
  writeNpy(at("labels.npy"), y, [rows]);
  const members = [
    { name: "logits.npy", data: npy(x, [rows, classes]), deflate: true },
    { name: "labels.npy", data: npy(y, [rows]) },
  ];
  writeFileSync(at("both.npz"), zip(members));
  const tensors = {
    logits: { dtype: "F32", shape: [rows, classes], data: bytesOf(x) },
    labels: { dtype: "I32", shape: [rows], data: bytesOf(y) },
  };
  writeFileSync(at("both.safetensors"), safetensors(tensors));
  writeFileSync(at("text.npy"), "these are no numbers\n");
  writeFileSync(at("cut.npy"), readFileSync(at("logits.npy")).subarray(0, 50_000));
  writeFileSync(at("cut.npz"), zip(members).subarray(0, 100_000));
  writeNpy(at("fewer.npy"), y.subarray(1), [rows - 1]);
  // another model's, and what would be taken for one by its shape alone
  const other = x.map((value) => Math.fround(value * 0.9 + random()));
  writeNpy(at("other.npy"), other, [rows, classes]);
  writeNpy(at("wide.npy"), Float64Array.from(x), [rows, classes]);
  const oneHot = Float32Array.from(x, (_, i) => Number(i % classes === y[Math.floor(i / classes)]));
  writeNpy(at("oneHot.npy"), oneHot, [rows, classes]);
  const csv = Array.from(y.subarray(0, 200), (label, row) =>
    [...x.subarray(row * classes, (row + 1) * classes), label].join(),
  );
  writeFileSync(
    at("both.csv"),
    `${[...Array.from({ length: classes }, (_, k) => `logit${k}`), "label"].join()}\n${csv.join("\n")}\n`,
  );
  writeFileSync(at("names.csv"), "p_cat,p_dog,label\n0.25,0.75,cat\n0.5,0.5,dog\n");
  writeFileSync(at("column.csv"), "0\n1\n0\n");
  writeFileSync(at("two.csv"), "a,b\n0.5,2\n1,3\n2,1.25\n");
  const compare = (...files: string[]) => run(folder, ["compare", ...files, "--worst", "20"]);
  const compared = compare("logits.npy", "other.npy", "labels.npy");
  run(folder, ["compare", "logits.npy", "other.npy", "labels.npy"]);
  writeFileSync(at("comparison.acc"), readFileSync(at("s.acc")));
  const evaluate = (...files: string[]) => run(folder, ["evaluate", ...files, "--worst", "20"]);
  const wanted = evaluate("logits.npy", "labels.npy");
  run(folder, ["evaluate", "logits.npy", "labels.npy"]);
  writeFileSync(at("part.acc"), readFileSync(at("s.acc")));
  return [
    { name: "logits and labels", files: ["logits.npy", "labels.npy"], ...wanted },
    {
      name: "the wrong way round",
      files: ["labels.npy", "logits.npy"],
      warning: "labels.npy holds the labels",
      ...wanted,
    },
    { name: "an npz file", files: ["both.npz"], ...evaluate("both.npz") },
    { name: "a safetensors file", files: ["both.safetensors"], ...evaluate("both.safetensors") },
    { name: "states", files: ["part.acc"], ...run(folder, ["merge", "part.acc"]) },
    {
      name: "logits of two models and labels",
      files: ["logits.npy", "other.npy", "labels.npy"],
      warning: "other.npy is compared with logits.npy, which was chosen first",
      ...compared,
    },
    { name: "the same, the labels first", files: ["labels.npy", "logits.npy", "other.npy"], ...compared },
    {
      name: "boxes that are for evaluations alone, and two models",
      files: ["logits.npy", "other.npy", "labels.npy"],
      boxes: ["per-class", "confusion", "percentiles"],
      warning: "wasm-loss compare of these files has no --per-class, --confusion, --percentiles: left out.",
      ...compared,
    },
    {
      name: "boxes, and states",
      files: ["part.acc"],
      boxes: ["per-class", "confusion"],
      warning: "wasm-loss merge of these files has no --confusion: left out.",
      ...run(folder, ["merge", "part.acc", "--per-class"]),
    },
    { name: "logits of two models", files: ["logits.npy", "other.npy"], ...compare("logits.npy", "other.npy") },
    {
      name: "the base second",
      files: ["other.npy", "wide.npy"],
      warning: "other.npy is compared with wide.npy, whose numbers are wider (f64 and f32).",
      ...compare("wide.npy", "other.npy"),
    },
    { name: "states of a comparison", files: ["comparison.acc"], ...run(folder, ["merge", "comparison.acc"]) },
    {
      name: "labels as rows of a 1 among zeros",
      files: ["oneHot.npy", "logits.npy"],
      warning: "oneHot.npy holds the labels",
      ...evaluate("logits.npy", "oneHot.npy"),
    },
    { name: "a csv file", files: ["both.csv"], ...evaluate("both.csv") },
    {
      name: "a column of labels without a name, and two columns of logits",
      files: ["column.csv", "two.csv"],
      warning: "column.csv holds the labels",
      ...evaluate("two.csv", "column.csv"),
    },
    {
      name: "an option that is none",
      files: ["logits.npy", "labels.npy"],
      further: "--confusoin",
      sentence: "the options: Unknown option '--confusoin' (--confusion?)",
    },
    {
      name: "three files of which one is logits",
      files: ["logits.npy", "labels.npy", "fewer.npy"],
      sentence: "fewer.npy: a third file: three are logits of two models and their labels, but logits are in 1 of them",
    },
    { name: "a csv file whose labels are names of its columns", files: ["names.csv"], ...evaluate("names.csv") },
    { name: "text", files: ["text.npy", "labels.npy"], ...evaluate("text.npy", "labels.npy") },
    { name: "a file that is cut off", files: ["cut.npy", "labels.npy"], ...evaluate("cut.npy", "labels.npy") },
    { name: "an archive that is cut off", files: ["cut.npz"], ...evaluate("cut.npz") },
    { name: "too few labels", files: ["logits.npy", "fewer.npy"], ...evaluate("logits.npy", "fewer.npy") },
    {
      name: "logits alone",
      files: ["logits.npy"],
      sentence: "logits.npy: the labels are missing: choose a second file, or one that holds both",
    },
  ];
}

function filesBelow(folder: string, as: string): [string, Uint8Array][] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [`${as}/${name.replaceAll("\\", "/")}`, readFileSync(join(folder, name))]);
}

/** By their paths: app/ is the page, given/ what it is given, given.json what becomes of that. */
export async function pageFiles(): Promise<Map<string, string | Uint8Array>> {
  await buildPage(built);
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-page-"));
  try {
    const given = writeGiven(folder);
    return new Map<string, string | Uint8Array>([
      ...filesBelow(built, "app"),
      ...filesBelow(folder, "given"),
      ["given.json", JSON.stringify(given)],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
