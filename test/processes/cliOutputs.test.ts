/** What --state and --report write to: wrong names, links, modes, devices. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { withCoverage } from "../../src/evaluate/state.ts";
import { main, workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, runWith, folder } = workshop();
const [rows, classes] = [20, 10];
const logits = npy(logitsOf(mulberry32(1), "float32", rows, classes), [rows, classes]);
const labels = npy(labelsOf(mulberry32(2), rows, classes), [rows]);
const evaluate = ["evaluate", "x.npy", "y.npy"];

function writeInputs(): void {
  writeFileSync(at("x.npy"), logits);
  writeFileSync(at("y.npy"), labels);
}

let state: Buffer;
beforeAll(() => {
  writeInputs();
  succeed(...evaluate, "--state", "s.acc");
  state = readFileSync(at("s.acc"));
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true });
  writeInputs();
  writeFileSync(at("s.acc"), state);
});

function succeed(...args: string[]): void {
  const { code, stderr } = run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** Every file with its bytes, links as what they lead to. */
const everything = () =>
  readdirSync(folder)
    .sort()
    .map((name) => [name, lstatSync(at(name)).isFile() ? readFileSync(at(name), "latin1") : "no file"]);

// Windows makes links, modes and devices in other ways.
const posix = process.platform === "win32" ? test.skip : test;

describe("wrong usage, known before the work: exit code 2, every file as it was", () => {
  const mse = ["evaluate", "x.npy", "x.npy", "--loss", "mse"];
  test.each<[string[], string]>([
    [[...evaluate, "--report", ""], '--report is "", but must name a file'],
    [[...evaluate, "--state="], '--state is "", but must name a file'],
    [["merge", "s.acc", "--report", ""], '--report is "", but must name a file'],
    [["evaluate", "", "y.npy"], 'LOGITS is "", but must name a file'],
    [["evaluate", "x.npy", ""], 'LABELS is "", but must name a file'],
    [["merge", "s.acc", ""], 'PART.acc is "", but must name a file'],
    [[...evaluate, "--state", "-"], "--state is -, but must name a file (/dev/stdout is standard output)"],
    [[...evaluate, "--state", "new", "--report", "new"], "--report is new: the same file as --state new"],
    [[...evaluate, "--state", "new", "--report", "./new"], "--report is ./new: the same file as --state new"],
    [[...evaluate, "--state", "s.acc", "--report", "s.acc"], "--report is s.acc: the same file as --state s.acc"],
    [[...evaluate, "--state", "x.npy"], "--state is x.npy: the same file as LOGITS x.npy"],
    [[...evaluate, "--state", "./y.npy"], "--state is ./y.npy: the same file as LABELS y.npy"],
    [[...evaluate, "--report", "x.npy"], "--report is x.npy: the same file as LOGITS x.npy"],
    [[...mse, "--state", "x.npy"], "--state is x.npy: the same file as LABELS x.npy"],
    [["merge", "s.acc", "--report", "s.acc"], "--report is s.acc: the same file as PART.acc s.acc"],
    [["merge", "s.acc", "--state", "new", "--report", "new"], "--report is new: the same file as --state new"],
  ])("%j", (args, line) => {
    const before = everything();
    expect(run(...args)).toEqual({ code: 2, stdout: "", stderr: `wasm-loss: ${line} (see wasm-loss --help)\n` });
    expect(everything()).toEqual(before);
  });

  posix("by another name: of a link, a hard link, a linked folder, standard input", () => {
    symlinkSync("s.acc", at("link.acc"));
    symlinkSync("later.acc", at("dangling.acc"));
    symlinkSync(".", at("here"));
    linkSync(at("x.npy"), at("hard.npy"));
    const before = everything();
    for (const [args, line] of [
      [["--state", "s.acc", "--report", "link.acc"], "--report is link.acc: the same file as --state s.acc"],
      [
        ["--state", "later.acc", "--report", "dangling.acc"],
        "--report is dangling.acc: the same file as --state later.acc",
      ],
      [["--state", "new", "--report", "here/new"], "--report is here/new: the same file as --state new"],
      [["--state", "here/x.npy"], "--state is here/x.npy: the same file as LOGITS x.npy"],
      [["--state", "hard.npy"], "--state is hard.npy: the same file as LOGITS x.npy"],
    ] as const) {
      const wanted = { code: 2, stdout: "", stderr: `wasm-loss: ${line} (see wasm-loss --help)\n` };
      expect(run(...evaluate, ...args)).toEqual(wanted);
    }
    const opened = shell('"$0" "$1" evaluate x.npy y.npy --state /dev/fd/5 5<>x.npy');
    expect(opened).toMatchObject({ code: 2, stderr: expect.stringContaining("the same file as LOGITS x.npy") });
    const piped = shell('"$0" "$1" evaluate - y.npy --state x.npy < x.npy');
    expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining("the same file as LOGITS -") });
    expect(everything()).toEqual(before);
  });
});

/** In a shell, which sees Node as $0 and the command line as $1. */
function shell(script: string) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, main], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

posix("a state from standard input, to a name as long as names can be", () => {
  const name = "n".repeat(255);
  succeed("merge", "s.acc", "--state", name);
  expect(readFileSync(at(name))).toEqual(state);
  expect(shell('"$0" "$1" merge - s.acc < s.acc')).toEqual({ ...run("merge", "s.acc", "s.acc") });
  expect(shell('echo no state | "$0" "$1" merge -').stderr).toMatch(/^wasm-loss: standard input: is no state, /);
  rmSync(at(name));
});

// Other systems have no such device.
test.each(existsSync("/dev/zero") ? ["/dev/zero"] : [])("merge of what has no end, or is too long: %s", (device) => {
  const limit = 2 ** 30;
  expect(run("merge", device)).toEqual({
    code: 1,
    stdout: "",
    stderr: "wasm-loss: /dev/zero: is no state, as evaluate and compare write with --state\n",
  });
  expect(shell('{ cat s.acc; cat /dev/zero; } | "$0" "$1" merge s.acc -')).toEqual({
    code: 1,
    stdout: "",
    stderr: `wasm-loss: standard input: a state takes at most ${limit} bytes, but there are more\n`,
  });
  truncateSync(at("s.acc"), limit + 5);
  expect(run("merge", "s.acc")).toEqual({
    code: 1,
    stdout: "",
    stderr: `wasm-loss: s.acc: a state takes at most ${limit} bytes, but there are ${limit + 5}\n`,
  });
});

test("a state may replace one that it was merged from", () => {
  writeFileSync(at("s.acc"), withCoverage(new Uint8Array(state), null));
  succeed("merge", "s.acc", "s.acc", "--state", "twice.acc");
  succeed("merge", "s.acc", "s.acc", "--state", "s.acc");
  expect(readFileSync(at("s.acc"))).toEqual(readFileSync(at("twice.acc")));
  expect(readFileSync(at("s.acc"))).not.toEqual(state);
});

posix("links are followed, also to what is not there yet", () => {
  mkdirSync(at("real"));
  mkdirSync(at("links"));
  symlinkSync("links", at("folder"));
  writeFileSync(at("real/old.acc"), "before");
  symlinkSync("../real/old.acc", at("links/old.acc"));
  symlinkSync("../real/new.acc", at("links/new.acc"));
  symlinkSync("links/old.acc", at("twice.acc"));
  for (const [path, real] of [
    ["links/old.acc", "real/old.acc"],
    ["folder/new.acc", "real/new.acc"],
    ["twice.acc", "real/old.acc"],
  ]) {
    rmSync(at(real), { force: true });
    if (real === "real/old.acc") writeFileSync(at(real), "before");
    succeed(...evaluate, "--state", path);
    expect(lstatSync(at(path)).isSymbolicLink(), path).toBe(true);
    expect(readFileSync(at(real)), path).toEqual(state);
  }
  expect(readdirSync(at("real")).sort()).toEqual(["new.acc", "old.acc"]);
  expect(readdirSync(at("links")).sort()).toEqual(["new.acc", "old.acc"]);
  symlinkSync("loop.acc", at("loop.acc"));
  expect(run(...evaluate, "--state", "loop.acc")).toMatchObject({ code: 1, stdout: "" });
});

posix("a file keeps its mode", () => {
  for (const mode of [0o600, 0o640, 0o666, 0o755]) {
    chmodSync(at("s.acc"), mode);
    succeed(...evaluate, "--state", "s.acc", "--report", "r.html");
    expect(statSync(at("s.acc")).mode & 0o7777).toBe(mode);
  }
  expect(statSync(at("r.html")).mode & 0o7777).toBe(0o666 & ~process.umask());
});

// Other systems have no such descriptors. /dev/stdout itself is none of these: what renames over it takes it from the system.
const descriptors = existsSync("/proc/self/fd") ? ["/dev/fd/1", "/proc/self/fd/1", "link", "chain"] : [];
test.each(descriptors)("an open descriptor is written to where it stands: %s", (path) => {
  symlinkSync("/proc/self/fd/1", at("link"));
  symlinkSync("link", at("chain"));
  const table = run("merge", "s.acc").stdout;
  const command = `"$0" "$1" merge s.acc --state ${path} --report ${path}`;
  expect(shell(`{ echo before; ${command}; echo after; } > captured`)).toEqual({ code: 0, stdout: "", stderr: "" });
  const piped = shell(`{ echo before; ${command}; echo after; } | { sleep 1; cat; }`);
  expect(piped).toMatchObject({ code: 0, stderr: "" });
  // what Node calls a pipe is a socket
  expect(run("merge", "s.acc", "--report", path)).toMatchObject({ code: 0, stderr: "" });
  for (const text of [readFileSync(at("captured"), "utf8"), piped.stdout]) {
    expect(text.startsWith(`before\n${state.toString("utf8")}<!doctype html>`)).toBe(true);
    expect(text.endsWith(`</html>\n${table}after\n`)).toBe(true);
  }
  expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
});

posix("a named pipe is written to, and stays", () => {
  const { code, stderr } = shell(
    'mkfifo pipe && { cat pipe > captured.acc & } && "$0" "$1" evaluate x.npy y.npy --state pipe && wait',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(at("captured.acc"))).toEqual(state);
  expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
});

test("an error leaves what was there", () => {
  writeFileSync(at("bad.npy"), labels.subarray(0, -1));
  const before = everything();
  expect(run("evaluate", "x.npy", "bad.npy", "--state", "s.acc", "--report", "r.html").code).toBe(1);
  expect(everything()).toEqual(before);
  expect(runWith(Buffer.alloc(3), "evaluate", "-", "y.npy", "--state", "s.acc").code).toBe(1);
  expect(everything()).toEqual(before);
});
