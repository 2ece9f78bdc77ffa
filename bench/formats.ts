/**
 * How fast files of each format are evaluated, and in how much memory: `npx tsx bench/formats.ts [MEGABYTES] [RUNS] [THREADS] [FORMATS]`
 * prints the table of docs/formats.md. Whole processes, as they are built, on files in a temporary folder, one file at a time.
 */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable } from "markdown-table";
import { checksumOf } from "../src/formats/checksum.ts";
import { formatNpyHeader } from "../src/formats/npyHeader.ts";
import { directory, localHeader, type StoredMember } from "../src/formats/storedZip.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const [megabytes, RUNS, threads] = [256, 3, 1].map((usual, i) => Number(process.argv[2 + i] ?? usual));
/** Formats whose names match. */
const wanted = new RegExp(process.argv[5] ?? ".");
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-bench-"));
const CLASSES = 10;
const VOCABULARY = 32_000;

/** What a child says at its end. */
const REPORT = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from "node:fs";
  process.on("exit", () => writeSync(3, JSON.stringify({ cpu: process.cpuUsage(), rss: process.resourceUsage().maxRSS })));`,
)}`;

/** Writes pieces until the file is as large as it is to be; how many there were. */
function write(name: string, head: Uint8Array | string, piece: (i: number) => Uint8Array | string): string {
  const path = join(folder, name);
  const file = openSync(path, "w");
  let size = writeSync(file, head as string);
  for (let i = 0; size < megabytes * 1e6; i++) size += writeSync(file, piece(i) as string);
  closeSync(file);
  return path;
}

/** Logits that differ, from a generator that is the same everywhere. */
let seed = 1;
function logit(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.fround(seed / 2 ** 29 - 4);
}

const ROWS = 10_000;
const block = Float32Array.from({ length: ROWS * CLASSES }, logit);
const labels = Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % CLASSES);
const bytesOf = (it: ArrayBufferView) => new Uint8Array(it.buffer, it.byteOffset, it.byteLength);
const rowOf = (i: number) => block.subarray(i * CLASSES, (i + 1) * CLASSES);
const names = ["label", ...Array.from({ length: CLASSES }, (_, i) => `logit_${i}`)];

/** A thousand lines of a table. */
const lines = (text: (x: number) => string, more = "") =>
  Array.from({ length: 1000 }, (_, i) => `${[labels[i], ...Array.from(rowOf(i), text)].join()}${more}\n`).join("");

const blocks = Math.ceil((megabytes * 1e6) / block.byteLength);
const npyHeader = Buffer.from(formatNpyHeader(Float32Array, [blocks * ROWS, CLASSES])).toString("latin1");

function labelsFile(): string {
  const path = join(folder, "labels.npy");
  const file = openSync(path, "w");
  writeSync(file, formatNpyHeader(Int32Array, [blocks * ROWS]));
  for (let i = 0; i < blocks; i++) writeSync(file, bytesOf(labels));
  closeSync(file);
  return path;
}

function npy(isFortran: boolean): string {
  const head = Buffer.from(isFortran ? npyHeader.replace("False", "True ") : npyHeader, "latin1");
  return write(isFortran ? "fortran.npy" : "c.npy", head, () => bytesOf(block));
}

function safetensors(): string {
  const bytes = blocks * block.byteLength;
  const header = JSON.stringify({
    logits: { dtype: "F32", shape: [blocks * ROWS, CLASSES], data_offsets: [0, bytes] },
  });
  const head = Buffer.alloc(8 + Math.ceil(header.length / 8) * 8, " ");
  head.writeBigUInt64LE(BigInt(head.length - 8));
  head.write(header, 8);
  return write("c.safetensors", head, () => bytesOf(block));
}

function npz(): string {
  const member: StoredMember = {
    name: "logits.npy",
    size: npyHeader.length + blocks * block.byteLength,
    offset: 0,
  };
  let crc = checksumOf(Buffer.from(npyHeader, "latin1"));
  for (let i = 0; i < blocks; i++) crc = checksumOf(bytesOf(block), crc);
  const head = localHeader(member, crc);
  const path = write("c.npz", Buffer.concat([head, Buffer.from(npyHeader, "latin1")]), () => bytesOf(block));
  appendFileSync(path, directory([member], [crc], head.length + member.size));
  return path;
}

function baseLogits(): string[] {
  const context = 1024;
  const scored = context - 1 - context / 2;
  const rowBytes = 2 * VOCABULARY + 8;
  const chunks = Math.max(1, Math.round((megabytes * 1e6) / (scored * rowBytes)));
  const head = Buffer.alloc(20 + 4 * context * chunks);
  head.write("_logits_", "latin1");
  [context, VOCABULARY, chunks].forEach((it, i) => void head.writeInt32LE(it, 8 + 4 * i));
  for (let at = 20; at < head.length; at += 4) head.writeInt32LE((at * 31) % VOCABULARY, at);
  const rows = Buffer.alloc(scored * rowBytes);
  for (let row = 0; row < scored; row++) {
    rows.writeFloatLE(16 / 65535, row * rowBytes);
    rows.writeFloatLE(-22, row * rowBytes + 4);
    for (let i = 0; i < VOCABULARY; i++) rows.writeUInt16LE((i * 7919 + row) % 65536, row * rowBytes + 8 + 2 * i);
  }
  const path = join(folder, "base.kld");
  const file = openSync(path, "w");
  writeSync(file, head);
  for (let i = 0; i < chunks; i++) writeSync(file, rows);
  closeSync(file);
  return [path];
}

function samples(): string[] {
  const sample = (i: number) =>
    `${JSON.stringify({
      doc: { query: "How long is a question? ".repeat(12), choices: ["one", "two", "three", "four"] },
      target: String(i % 4),
      arguments: Object.fromEntries(
        ["one", "two", "three", "four"].map((it, k) => [
          `gen_args_${k}`,
          { arg_0: "A context. ".repeat(40), arg_1: ` ${it}` },
        ]),
      ),
      filtered_resps: [0, 1, 2, 3].map(() => [String(logit()), "False"]),
      filter: "none",
    })}\n`;
  const text = Array.from({ length: 500 }, (_, i) => sample(i)).join("");
  return [write("samples.jsonl", "", () => text)];
}

const table = (name: string, text: string, more = "") => [write(name, `${names.join()}${more}\n`, () => text)];

/** Sends files as they are asked for. */
const server = createServer((request, response) => {
  const path = join(folder, request.url!);
  const { size } = statSync(path);
  const [, begin, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const last = Math.min(Number(end), size - 1);
  response.writeHead(206, {
    etag: '"1"',
    "content-range": `bytes ${begin}-${last}/${size}`,
    "content-length": last - Number(begin) + 1,
  });
  createReadStream(path, { start: Number(begin), end: last }).pipe(response);
});

interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly memory: number;
}

/** The file of an address of this machine. */
const onDisk = (path: string) => path.replace(/^http:\/\/[^/]*/, folder);

async function measure(name: string, paths: readonly string[]): Promise<Measured> {
  let seconds = Number.POSITIVE_INFINITY;
  let memory = 0;
  for (let run = 0; run < RUNS; run++) {
    const args = ["--import", REPORT, main, "evaluate", ...paths, "--json", "--threads", String(threads)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
    let report = "";
    let errors = "";
    child.stdio[3]!.on("data", (it) => {
      report += it;
    });
    child.stderr!.on("data", (it) => {
      errors += it;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`${name}: ${errors}`);
    const { cpu, rss } = JSON.parse(report);
    seconds = Math.min(seconds, (cpu.user + cpu.system) / 1e6);
    memory = Math.max(memory, rss / 1024);
  }
  const bytes = paths.reduce((sum, path) => sum + statSync(onDisk(path)).size, 0);
  console.error(`${name}: ${seconds.toFixed(2)} s, ${memory.toFixed(0)} MB`);
  return { name, bytes, seconds, memory };
}

try {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const y = labelsFile();
  const overHttp = (path: string) => path.replace(folder, `http://127.0.0.1:${port}`);
  const all: Measured[] = [];
  const formats: readonly (readonly [name: string, make: () => string[]])[] = [
    ["npy, float32, 10 classes", () => [npy(false), y]],
    ["the same over http, from this machine", () => [npy(false), y].map(overHttp)],
    ["the same in Fortran order", () => [npy(true), y]],
    ["npz, stored", () => [npz(), y]],
    ["safetensors", () => [safetensors(), y]],
    ["llama.cpp base logits, 32,000 tokens", baseLogits],
    [
      "csv, 7 digits",
      () =>
        table(
          "short.csv",
          lines((x) => x.toPrecision(7)),
        ),
    ],
    [
      "csv, 17 digits",
      () =>
        table(
          "long.csv",
          lines((x) => (x + 1e-9).toPrecision(17)),
        ),
    ],
    [
      "csv, a quoted text a line",
      () =>
        table(
          "quoted.csv",
          lines((x) => x.toPrecision(7), ',"a ""b"", c"'),
          ",text",
        ),
    ],
    ["jsonl, four choices, 2.4 KB a question", samples],
  ];
  for (const [name, make] of formats.filter(([name]) => wanted.test(name))) {
    const paths = make();
    all.push(await measure(name, paths));
    for (const path of paths.map(onDisk)) if (path !== y) rmSync(path);
  }
  const rows = all.map(({ name, bytes, seconds, memory }) => [
    name,
    (bytes / 1e6 / seconds).toFixed(0),
    memory.toFixed(0),
  ]);
  console.log(markdownTable([["format", "MB/s", "peak memory, MB"], ...rows], { align: ["l", "r", "r"] }));
  console.log(
    `\n${megabytes} MB a file, processor time of whole processes, --threads ${threads}, best of ${RUNS}; ${cpus()[0].model}, Node.js ${process.versions.node}`,
  );
} finally {
  server.close();
  rmSync(folder, { recursive: true });
}
