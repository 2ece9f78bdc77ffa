import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test } from "vitest";
import { made } from "../scripts/made.ts";

const build = fileURLToPath(new URL("../build/", import.meta.url));
mkdirSync(build, { recursive: true });
const folder = mkdtempSync(join(build, "made-"));
const name = basename(folder);
const stamp = join(build, "made", name);
const at = (file: string) => join(folder, file);
let runs: number;

beforeEach(() => {
  rmSync(stamp, { force: true });
  for (const place of ["in", "out"]) rmSync(at(place), { recursive: true, force: true });
  mkdirSync(at("in/generated"), { recursive: true });
  mkdirSync(at("out"), { recursive: true });
  for (const file of ["in/a", "in/b", "in/generated/c"]) writeFileSync(at(file), file);
  runs = 0;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(stamp, { force: true });
});

async function make(fails = false): Promise<void> {
  const make = async () => {
    runs++;
    writeFileSync(at("out/made"), "made");
    if (fails) throw new Error("broken off");
  };
  await made(name, [`build/${name}/in`], [`build/${name}/out`], make, ["generated"]);
}

test("what was made of the same is not made again", async () => {
  await make();
  await make();
  writeFileSync(at("in/generated/c"), "of no account");
  await make();
  expect(runs).toBe(1);
});

test.each([
  ["a source's bytes", () => writeFileSync(at("in/a"), "other")],
  ["a source's length", () => writeFileSync(at("in/a"), "in/a ")],
  ["a source more", () => writeFileSync(at("in/c"), "")],
  ["a source less", () => rmSync(at("in/b"))],
  ["an output's bytes", () => writeFileSync(at("out/made"), "Made")],
  ["an output more", () => writeFileSync(at("out/more"), "")],
  ["no output", () => rmSync(at("out"), { recursive: true })],
])("%s: it is made again", async (_, change) => {
  await make();
  change();
  mkdirSync(at("out"), { recursive: true });
  await make();
  expect(runs).toBe(2);
});

test("what was broken off is made again", async () => {
  await make();
  writeFileSync(at("in/a"), "other");
  await expect(make(true)).rejects.toThrow("broken off");
  await make();
  await make();
  expect(runs).toBe(3);
});
