import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { withCoverage } from "../src/evaluate/state.ts";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { createLosses, evaluationOf, mergeStates, regressionEvaluator, regressionOf } from "../src/index.node.ts";

// States that version 0.1.0 wrote, deflated: of the rows below, without options, with perClass, topK [1] and 3 bins, and with
// perClass and weights; of a regression in either dtype.
const WRITTEN = {
  plain:
    "K89JLWNkPs7Iz8TIysDCzMjAwMDIzMDA0A5iDSRYYLupgvVyncQgcIl9ZtuCS++8Bt4lBSXMdXcXyHEMvEsClvS53O7W4B14l0ABBz5JRkYG9uw0XoNuKbAyRgYGdu0Ex3WXl3BhqGRgYG+7YrPQKZ+f2Y8xiDGSsdhG7CwA",
  perClass:
    "K89JLWNkPs7IzMjIyMLMyMDAAMLtIGIgwQLbTRWsl+skBoFL7DPbFlx65zXwLikoYa67u0COY+BdErCkz+V2twbvwLsECjhABBMjA/u0Y3734vYLMTIwsLddsVnolM/P7McYxBjJyASSHnDnJvCfse7LvyvEyDgI8piD3jOb8uSFrJveX+ADAA==",
  weighted:
    "K89JLWNkPs7Iz8TIypz714KXhZmRgYGBkZmhHUQPAiAw8C55kD1ja42ZgtzAu2SB7Wq327tuBw28SwpKmOvuLpDjGHiXBCzpc7ndrcE7aFIsBz5JRkYG9uw0XoNuKbAyRgYGdu0Ex3WXl3BhqGRgYG+7YrPQKZ+f2Y8xjDGSkYmBiXHgfZnAf8a6L/+uECPQgQPumIaYM5Xvjjlx+yziNQYA",
  regression32: "K88pSmdkZmhnZBh4YGBszMjQNghcskEjpn9wBElGWhrT4HAJAwODxKBxicXyHRGnAQ==",
  regression64: "K88pSmdkZmhnZBhgYAwGjAxtA+yShoj+Q181YvoHPkga0sCAaRBEDgRIDBqXWDAmfcgGAA==",
} as const;

const stateOf = (name: keyof typeof WRITTEN) => new Uint8Array(inflateRawSync(Buffer.from(WRITTEN[name], "base64")));

const losses = await createLosses({ backend: "js" });
const logits = Float32Array.of(1, 0, 0.5, 3, 2, 1, 0, 0, 4, Number.NaN, 1, 2);
const labels = Int32Array.of(0, 1, 0, -100);
const OPTIONS = {
  plain: { classes: 3 },
  perClass: { classes: 3, perClass: true, topK: [1], bins: 3 },
  weighted: { classes: 3, perClass: true, weight: Float32Array.of(1, 2, 0.5) },
};

describe("states of version 1", () => {
  test.each(["plain", "perClass"] as const)(
    "%s: every figure; the standard error from squares as they were rounded",
    (name) => {
      const { loss, ...rest } = losses.evaluate(logits, labels, OPTIONS[name]);
      const { loss: found, ...others } = evaluationOf(stateOf(name));
      expect(others).toEqual(rest);
      expect(found).toMatchObject({ sum: loss.sum, mean: loss.mean });
      expect(found.standardError).toBeCloseTo(loss.standardError, 14);
    },
  );

  test("with weights: no standard error and no plain means of classes, which it does not hold", () => {
    const { loss, perClass, ...rest } = losses.evaluate(logits, labels, OPTIONS.weighted);
    const { loss: found, perClass: classes, ...others } = evaluationOf(stateOf("weighted"));
    expect(others).toEqual({ ...rest, perplexityError: Number.NaN });
    expect(found).toEqual({ ...loss, standardError: Number.NaN, interval: [Number.NaN, Number.NaN] });
    expect(classes).toEqual(perClass?.map((it) => ({ ...it, loss: Number.NaN })));
  });

  test.each(["plain", "perClass", "weighted"] as const)(
    "%s: merges with itself and with one of this version",
    (name) => {
      const evaluator = losses.evaluator(OPTIONS[name]);
      evaluator.add(logits, labels);
      const old = stateOf(name);
      const both = mergeStates(old, evaluator.state());
      expect(both[4]).toBe(2);
      expect(mergeStates(evaluator.state(), old)).toEqual(both);
      expect(mergeStates(both, old)).toEqual(mergeStates(old, mergeStates(old, evaluator.state())));
      const { loss, accuracy, rows } = evaluationOf(both);
      expect({ accuracy, rows }).toEqual({ accuracy: evaluator.result().accuracy, rows: 8 });
      expect(loss.mean).toBeCloseTo(evaluator.result().loss.mean, 12);
      expect(Number.isNaN(loss.standardError)).toBe(name === "weighted");
    },
  );

  test.each([
    ["regression32", Float32Array],
    ["regression64", Float64Array],
  ] as const)("%s: every figure, and it merges", (name, type) => {
    const evaluator = regressionEvaluator();
    evaluator.add(type.of(1.1, 2.2, 3.3), type.of(1, 2, 3));
    const { mse, r2, count } = regressionOf(stateOf(name));
    expect(count).toBe(3);
    expect(mse).toBeCloseTo(evaluator.result().mse, 8);
    expect(r2).toBeCloseTo(evaluator.result().r2, 8);
    const both = mergeStates(stateOf(name), evaluator.state());
    expect(mergeStates(evaluator.state(), stateOf(name))).toEqual(both);
    expect(regressionOf(both)).toMatchObject({ count: 6, maximumError: evaluator.result().maximumError, mape: NaN });
    expect(mergeStates(both, evaluator.state())).toEqual(mergeStates(evaluator.state(), both));
  });

  test("a regression of version 2 without quotients has every figure but mape", () => {
    const evaluator = regressionEvaluator();
    evaluator.add(Float32Array.of(1.1, 2.2, 3.3), Float32Array.of(1, 2, 3));
    const state = evaluator.state();
    const earlier = written(
      "wlrg",
      taken(state).filter(([tag]) => tag !== 4),
    );
    const { mape, ...figures } = evaluator.result();
    expect(mape).toBeCloseTo(0.1, 6);
    expect(regressionOf(earlier)).toEqual({ ...figures, mape: NaN });
    const both = mergeStates(earlier, state);
    expect(mergeStates(state, earlier)).toEqual(both);
    expect(regressionOf(both)).toEqual({ ...regressionOf(mergeStates(state, state)), mape: NaN });
  });

  test.each(Object.keys(WRITTEN) as (keyof typeof WRITTEN)[])(
    "%s: refused where it is cut off, altered or rewritten",
    (name) => {
      const whole = stateOf(name);
      const read = name.startsWith("regression") ? regressionOf : evaluationOf;
      for (let length = 0; length < whole.length; length += 3) {
        expect(() => read(whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError);
      }
      for (let at = 0; at < whole.length; at++) {
        const altered = whole.slice();
        altered[at] ^= 1 << (at % 8);
        expect(() => read(altered), `byte ${at}`).toThrow(RangeError);
      }
      // with a checksum of its own a byte behind the last value is too many, and another version has sections
      const longer = new Uint8Array([...whole.subarray(0, -4), 0, 0, 0, 0, 0]);
      expect(() => read(signed(longer))).toThrow(/with 1 bytes too many$/);
      const other = whole.slice();
      other[4] = 2;
      expect(() => read(signed(other))).toThrow(RangeError);
    },
  );
});

/** The bytes with the checksum that they have. */
function signed(state: Uint8Array): Uint8Array {
  new DataView(state.buffer).setUint32(state.length - 4, crc32(state.subarray(0, -4)), true);
  return state;
}

/** Sections of a state with short ones: [tag, bytes]. */
function taken(bytes: Uint8Array): [number, Uint8Array][] {
  const sections: [number, Uint8Array][] = [];
  for (let at = 5; at < bytes.length - 4; ) {
    let [length, unit, tag] = [0, 1, bytes[at++]];
    for (; ; unit *= 128) {
      const byte = bytes[at++];
      length += (byte & 127) * unit;
      if (byte < 128) break;
    }
    sections.push([tag, bytes.subarray(at, at + length)]);
    at += length;
  }
  return sections;
}

function written(magic: string, sections: [number, Uint8Array][]): Uint8Array {
  const lengthOf = (n: number): number[] => (n < 128 ? [n] : [128 + (n % 128), ...lengthOf(Math.floor(n / 128))]);
  const body = sections.flatMap(([tag, bytes]) => [tag, ...lengthOf(bytes.length), ...bytes]);
  return signed(new Uint8Array([...new TextEncoder().encode(magic), 2, ...body, 0, 0, 0, 0]));
}

describe("sections", () => {
  const state = () => {
    const evaluator = losses.evaluator({ classes: 3, perClass: true });
    evaluator.add(logits, labels);
    return evaluator.state();
  };
  test("taken apart and put together it is the same", () => {
    expect(written("wlev", taken(state()))).toEqual(state());
    expect(taken(state()).map(([tag]) => tag)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test.each<[string, (sections: [number, Uint8Array][]) => [number, Uint8Array][], RegExp]>([
    [
      "an unknown tag",
      (all) => [...all, [99, Uint8Array.of(1)]],
      /^evaluationOf: state has a section of the unknown tag 99: a later version wrote it$/,
    ],
    ["a missing one", (all) => all.filter(([tag]) => tag !== 5), /has no section of the tag 5$/],
    [
      "one that options leave out",
      (all) =>
        all.map(([tag, bytes]) =>
          tag === 1 ? [tag, bytes.map((x, i) => (i === bytes.length - 1 ? 0 : x))] : [tag, bytes],
        ),
      /has a section of the tag 7, which its options leave out$/,
    ],
    ["two of one tag", (all) => [...all, all[6]], /has a section of the tag 7 behind that of 7$/],
    ["another order", ([a, b, c, ...all]) => [a, c, b, ...all], /has a section of the tag 2 behind that of 3$/],
    [
      "a byte too many",
      (all) => all.map(([tag, bytes]) => [tag, tag === 6 ? new Uint8Array([...bytes, 0]) : bytes]),
      /has a section of the tag 6 with 1 bytes too many$/,
    ],
    [
      "a byte too few",
      (all) => all.map(([tag, bytes]) => [tag, tag === 3 ? bytes.subarray(0, -1) : bytes]),
      /is truncated/,
    ],
  ])("%s is refused", (_, edit, line) => {
    expect(() => evaluationOf(written("wlev", edit(taken(state()))))).toThrow(line);
  });
});

describe("docs/state-format.md", () => {
  const page = readFileSync(new URL("../docs/state-format.md", import.meta.url), "utf8");
  /** The tags in the table of a heading: numbers at the beginning of its rows, several of one row with commas. */
  const tagsUnder = (heading: string) => {
    const [, text] = page.split(`\n## ${heading}`);
    return [...text.split("\n## ")[0].matchAll(/^\| (\d[\d, ]*) \|/gm)].flatMap(([, tags]) =>
      tags.split(",").map(Number),
    );
  };
  const coverage = [{ key: "a".repeat(64), name: "x.npy", total: 9, rows: [[0, 3]] as [number, number][] }];
  const x = Float32Array.of(1, 0, 0.5, 3, 2, 1, 0, 0);
  const y = [0, 1, 0, 1];
  const groups = [1, 2, 2, 1];
  const beside = { groups, mask: [true, true, false, true] };

  test.each<[string, string, () => { state(): Uint8Array }]>([
    [
      'Evaluations: "wlev"',
      "with every option",
      () => {
        const evaluator = losses.evaluator({
          classes: 2,
          perClass: true,
          confusion: true,
          percentiles: true,
          ranking: true,
          fitTemperature: true,
          worst: 2,
          weight: Float32Array.of(1, 2),
        });
        evaluator.add(x, y, { groups, bytes: 3, words: 1 });
        return evaluator;
      },
    ],
    [
      'Regressions: "wlrg"',
      "of four elements with a mask and groups",
      () => {
        const evaluator = regressionEvaluator();
        evaluator.add(x.subarray(0, 4), x.subarray(4), beside);
        return evaluator;
      },
    ],
    [
      'Binary evaluations: "wlbn"',
      "of four rows with a mask and groups",
      () => {
        const evaluator = losses.binaryEvaluator();
        evaluator.add(x.subarray(0, 4), y, beside);
        return evaluator;
      },
    ],
    [
      'Comparisons: "wlcm"',
      "with every option",
      () => {
        const comparison = losses.comparison({ classes: 2, worst: 2 });
        comparison.add(x, x.toReversed(), y, { groups });
        return comparison;
      },
    ],
  ])("%s has every section of a state %s, and no other", (heading, _, make) => {
    const state = withCoverage(make().state(), coverage);
    expect(taken(state).map(([tag]) => tag)).toEqual(tagsUnder(heading).sort((a, b) => a - b));
  });
});
