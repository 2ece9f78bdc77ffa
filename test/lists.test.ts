import { describe, expect, test } from "vitest";
import { cases, untimedKernels } from "../bench/cases.ts";
import { targets } from "../bench/targets.ts";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { openBackends } from "./backends.ts";
import { titleOf } from "./domains.ts";
import { ENTRIES } from "./engines/entries.ts";
import * as oracle from "./oracle.ts";

// What is on the lists of src/descriptions/ is tested, timed and digested.

const [{ losses }] = await openBackends();
const names = ELEMENTWISE.map(({ name }) => name);
const titles = ELEMENTWISE.map(titleOf);

test("every element-wise loss has an oracle, and no other one has", () => {
  expect(Object.keys(oracle.ELEMENTWISE).sort()).toEqual(titles.toSorted());
});

test("every element-wise loss has its two functions", () => {
  for (const name of names) {
    expect(Object.keys(losses)).toContain(name);
    expect(Object.keys(losses)).toContain(`${name}WithGrad`);
  }
});

describe("the bench", () => {
  test("has cases of every element-wise loss, at three sizes beside the peers", () => {
    for (const name of titles) {
      for (const size of ["1e3", "1e5", "1e7"]) {
        expect(cases.find(({ id }) => id === `${name} ${size} float32`)?.peers, name).toBe(true);
      }
      const withGrad = name.replace(/^\w+/, "$&WithGrad");
      expect(cases.map(({ id }) => id)).toContain(`${withGrad} 1e5 float64`);
    }
  });

  test("runs every kernel in some case", () => {
    expect(untimedKernels()).toEqual([]);
  });

  test("has a case for every target, beside those it is compared with", () => {
    for (const { operation, dtype, shapes } of targets) {
      for (const shape of shapes) expect(cases.map(({ id }) => id)).toContain(`${operation} ${shape} ${dtype}`);
    }
  });
});

test("every function of an engine has an entry in the digest workload", () => {
  const called = new Set(ENTRIES.flatMap(({ functions }) => functions as readonly string[]));
  const functions = Object.entries(losses).filter(([name, value]) => typeof value === "function" && name !== "close");
  for (const [name] of functions) expect([...called], name).toContain(name);
  expect(new Set(ENTRIES.map(({ name }) => name)).size).toBe(ENTRIES.length);
});
