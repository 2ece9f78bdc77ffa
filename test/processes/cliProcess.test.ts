/** The command line among other processes: terminals, pipes, signals, devices, other users' files. */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { formatNpyHeader } from "../../src/formats/npyHeader.ts";
import { figures, main, workshop } from "../command.ts";
import { bytesOf, npy, safetensorsOf } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json, folder } = workshop();
const [rows, classes] = [50, 10];
const logits = logitsOf(mulberry32(1), "float32", rows, classes);
const labels = labelsOf(mulberry32(2), rows, classes);
const files = ["logits.npy", "labels.npy"];
/** What JavaScript takes a while for: zeros that take no room on the disk. */
const slow = ["slow.npy", "slowLabels.npy", "--backend", "js"];

beforeAll(() => {
  writeFileSync(at("logits.npy"), npy(logits, [rows, classes]));
  writeFileSync(at("labels.npy"), npy(labels, [rows]));
  const many = 2 ** 14;
  const file = openSync(at("slow.npy"), "w");
  const header = formatNpyHeader(Float32Array, [many, 1000]);
  writeSync(file, header);
  ftruncateSync(file, header.length + 4 * many * 1000);
  closeSync(file);
  writeFileSync(at("slowLabels.npy"), npy(new Uint8Array(many), [many]));
});

/** In a shell, which sees Node as $0, the command line as $1, and further arguments from $2 on. */
function shell(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, main, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** Standard input of a child that has read so much of it that it must be at work. */
function written(child: ReturnType<typeof spawn>, data: Buffer): Promise<void> {
  return new Promise((resolve) => child.stdin!.write(data, () => resolve()));
}

// The terminal is that of util-linux's script.
const terminals = existsSync("/usr/bin/script") ? ["/usr/bin/script"] : [];
test.each(terminals)("on a terminal a bar with share, rate and the time that is left: %s", (script) => {
  const inTerminal = `exec ${script} -qec '"$NODE" "$MAIN" evaluate ${slow.join(" ")}' /dev/null`;
  const { status, stdout } = spawnSync("sh", ["-c", inTerminal], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, MAIN: main, COLUMNS: "120", TERM: "xterm" },
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/ \d+% \| [\d.]+[KM]? logits\/s \| \d+ (s|min) left/);
  // gone when the table comes
  expect(stdout).toContain("\x1b[2Kloss               6.907755 nats (mean)\r\n");
});

test("a reader that has had enough: quiet, and no failure", () => {
  const { code, stdout, stderr } = shell('{ "$0" "$1" --help; echo "code $?" >&2; } | head -n 1');
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "wasm-loss: losses of model outputs\n",
    stderr: "code 0\n",
  });
});

const devices = ["/dev/full", "/proc/self/mem"].filter(existsSync);
test.each(devices.filter((it) => it === "/dev/full"))("a full disk under --state and --report: %s", (device) => {
  for (const option of ["--state", "--report"]) {
    const { code, stdout, stderr } = run("evaluate", ...files, option, device);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `wasm-loss: ${device}: no space left on device\n` });
    // what was computed is not lost
    expect(stdout).toMatch(/^loss +[\d.]+ nats/);
  }
  expect(run("evaluate", "logits.npy", "logits.npy", "--loss", "mse", "--state", device).code).toBe(1);
});

test.each(devices.filter((it) => it === "/proc/self/mem"))("a file that fails while it is read: %s", (device) => {
  expect(run("evaluate", device, "labels.npy")).toEqual({
    code: 1,
    stdout: "",
    stderr: `wasm-loss: ${device}: i/o error\n`,
  });
});

// Root may read everything, but can be somebody else.
const user = process.getuid?.();
test.each(user === undefined ? [] : [user === 0 ? 65534 : user])("a file that may not be read: user %i", (uid) => {
  const script = 'const fs = require("fs"); try { fs.readFileSync(process.argv[1]); } catch { process.exit(3); }';
  const hidden = at("hidden.npy");
  writeFileSync(hidden, npy(logits, [rows, classes]), { mode: 0 });
  const as = user === 0 ? { uid, gid: uid } : {};
  // where even Node can't be started as that user there is nothing to be seen
  const probe = spawnSync(process.execPath, ["-e", script, main], { ...as, encoding: "utf8" });
  if (probe.error || probe.status !== 0) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "evaluate", hidden, at("labels.npy")], {
    ...as,
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^wasm-loss: \S+: permission denied\n$/);
});

// Windows has no signals.
test.each(process.platform === "win32" ? [] : (["SIGINT", "SIGTERM", "SIGHUP"] as const))(
  "%s leaves what was there, and no more",
  async (signal) => {
    writeFileSync(at("many.npy"), npy(new Uint8Array(2 ** 17), [2 ** 17]));
    writeFileSync(at("kept.acc"), "before");
    const before = readdirSync(folder);
    const args = [
      "evaluate",
      "-",
      "many.npy",
      "--dtype",
      "f32",
      "--classes",
      "12",
      "--state",
      "kept.acc",
      "--report",
      "r.html",
    ];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
    const closed = new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
    child.stdin.on("error", () => {});
    await written(child, Buffer.alloc(12 * 4 * 2 ** 16));
    child.kill(signal);
    expect(await closed).toBe(signal);
    expect(readdirSync(folder)).toEqual(before);
    expect(readFileSync(at("kept.acc"), "utf8")).toBe("before");
  },
);

test
  .skipIf(process.platform === "win32")
  .each([
    ["evaluate unwritten labels.npy --dtype f32 --classes 10"],
    ["evaluate logits.npy labels.npy --report unwritten --state new.acc"],
    ["merge unwritten"],
    ["merge -"],
  ])("a signal ends it while it waits for the other end of a pipe: %s", async (command) => {
  spawnSync("mkfifo", [at("unwritten")]);
  const before = readdirSync(folder);
  const args = command.split(" ");
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ["pipe", "ignore", "ignore"] });
  const closed = new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
  // until it listens to signals: it takes 0.1 s to start
  await new Promise((resolve) => setTimeout(resolve, 1000));
  child.kill("SIGTERM");
  expect(await closed).toBe("SIGTERM");
  expect(readdirSync(folder)).toEqual(before);
});

test.skipIf(process.platform === "win32")(
  "a signal ends bench and what it started",
  async () => {
    const child = spawn(process.execPath, [main, "bench"], { stdio: ["ignore", "pipe", "pipe"] });
    // comes when nobody holds its pipes any more
    const closed = new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    child.kill("SIGTERM");
    expect(await closed).toBe("SIGTERM");
  },
  30_000,
);

test("an error is told before a pipe delivers more", async () => {
  writeFileSync(at("wrong.npy"), npy(new Uint8Array(2 ** 20).fill(99), [2 ** 20]));
  const args = ["evaluate", "-", "wrong.npy", "--dtype", "f32", "--classes", "10"];
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: "pipe" });
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  child.stdin.on("error", () => {});
  const closed = new Promise((resolve) => child.on("close", resolve));
  // more than a batch; the pipe stays open
  child.stdin.write(Buffer.alloc(40 * 2 ** 18));
  expect(await closed).toBe(1);
  expect(stderr).toMatch(/^wasm-loss: wrong\.npy: labels\[0\] is 99, /);
});

test("info says why there is not more", () => {
  const it = JSON.parse(run("info", "--json").stdout);
  expect(it).toMatchObject({ simd: true, backend: "wasm" });
  // Node 20 has no relaxed SIMD; later ones have
  const reasons = it.notes.filter((note: string) => note.startsWith("relaxed: this engine has no relaxed SIMD"));
  expect(reasons.length).toBe(it.relaxed ? 0 : 1);
  const { status, stdout } = spawnSync(process.execPath, ["--jitless", main, "info", "--json"], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ simd: false, backend: "js", threads: 1, relaxed: false });
  expect(JSON.parse(stdout).notes).toContain("backend: this engine has no WebAssembly; the JavaScript loops run.");
});

test("npy of versions 2 and 3, as of version 1", () => {
  const wanted = figures(json("evaluate", ...files));
  for (const version of [2, 3] as const) {
    const header = Buffer.from(formatNpyHeader(Float32Array, [rows, classes], version));
    writeFileSync(at("version.npy"), Buffer.concat([header, bytesOf(logits)]));
    expect(figures(json("evaluate", "version.npy", "labels.npy"))).toEqual(wanted);
  }
});

test("a tensor behind a tebibyte of others is read at once", () => {
  const begin = 2 ** 40;
  const header = JSON.stringify({
    others: { dtype: "U8", shape: [begin], data_offsets: [0, begin] },
    logits: { dtype: "F32", shape: [rows, classes], data_offsets: [begin, begin + 4 * logits.length] },
  });
  const head = safetensorsOf(header, Buffer.alloc(0));
  const file = openSync(at("behind.safetensors"), "w");
  writeSync(file, head);
  writeSync(file, bytesOf(logits), 0, 4 * logits.length, head.length + begin);
  closeSync(file);
  expect(figures(json("evaluate", "behind.safetensors", "labels.npy"))).toEqual(figures(json("evaluate", ...files)));
});

/** The npy file with another text in its header, of the same length. */
function edited(from: string, to: string): Buffer {
  return Buffer.from(npy(logits, [rows, classes]).toString("latin1").replace(from, to), "latin1");
}

const wrong: [string, () => Buffer, string][] = [
  [
    "a header of 4 GB",
    () => Buffer.concat([Buffer.from("\x93NUMPY\x02\x00\xff\xff\xff\xff", "latin1"), Buffer.alloc(100)]),
    "header of 4294967295 bytes (at most 1048576 are read)",
  ],
  [
    "an unknown version",
    () => edited("NUMPY\x01", "NUMPY\x09"),
    "unknown npy version 9.0 (known are 1.0, 2.0 and 3.0)",
  ],
  [
    "a negative shape",
    () => edited("(50, 10)", "(-5, 10)"),
    'header has a size that is not an integer from 0 to 2^53 - 1, at "-5, 10), }',
  ],
  [
    "a huge shape",
    () => edited("(50, 10), }       ", "(9007199254740991, 10), }".padEnd(18)),
    'shape "(9007199254740991, 10)" is larger than any file',
  ],
  ["more rows than data", () => edited("(50, 10)", "(99, 10)"), "truncated data: 3960 bytes expected, 2000 found"],
];
test.each(wrong)("npy with %s", (_, file, line) => {
  writeFileSync(at("wrong.npy"), file());
  const { code, stdout, stderr } = run("evaluate", "wrong.npy", "labels.npy");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.startsWith(`wasm-loss: wrong.npy: ${line}`), stderr).toBe(true);
  expect(stderr.split("\n").length).toBe(2);
});

test("raw labels of no whole number, and a label out of range behind the first batch of a pipe", () => {
  writeFileSync(at("labels.bin"), Buffer.alloc(27));
  expect(run("evaluate", "logits.npy", "labels.bin", "--labels-dtype", "i64").stderr).toBe(
    "wasm-loss: labels.bin: 27 bytes are not a multiple of 8 (i64)\n",
  );
  const many = new Uint8Array(300_000);
  many[299_998] = 77;
  writeFileSync(at("far.npy"), npy(many, [many.length]));
  const { code, stderr } = shell('head -c 12000000 /dev/zero | "$0" "$1" evaluate - far.npy --dtype f32 --classes 10');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "wasm-loss: far.npy: labels[299998] is 77, but classes is 10 (allowed 0..9, or ignoreIndex -100)\n",
  });
});

test("bench: cases by name, as JSON; a wrong name is wrong usage", () => {
  const { cases } = JSON.parse(run("bench", "--json", "--filter", "^rmse 1e3 float32").stdout);
  expect(cases.length).toBe(1);
  for (const { status } of cases[0].outcomes) expect(status).toBe("right");
  expect(run("bench", "--filter", "nothing of that name")).toMatchObject({ code: 2, stdout: "" });
  expect(run("bench", "x")).toMatchObject({
    code: 2,
    stderr: "wasm-loss: bench takes no arguments, but got 1 (see wasm-loss --help)\n",
  });
});
