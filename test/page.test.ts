// What the page works out without a browser; what it does in one is seen by test/browsers/evaluatePage.ts and page.ts.
import { expect, test } from "vitest";
import { form, options, wordsOf } from "../page/evaluate/options.ts";
import { browserName } from "../page/standIns/engineName.ts";
import { compareCells } from "../src/cli/report/sortable.ts";

test.each([
  ["", []],
  ["--ignore-index -1", ["--ignore-index", "-1"]],
  ["  --tensor 'my logits' --labels-tensor \"y 2\" ", ["--tensor", "my logits", "--labels-tensor", "y 2"]],
  ["--tensor='a b'c", ["--tensor=a bc"]],
])("words of %j", (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test("the form's options are those of the command line", () => {
  expect(options.value).toEqual({ boxes: [["--worst", "20"]], further: [] });
  form.input.value = "probabilities";
  form.confusion.value = true;
  form.further.value = "--top-k 1,2";
  expect(options.value).toEqual({
    boxes: [["--input", "probabilities"], ["--worst", "20"], ["--confusion"]],
    further: ["--top-k", "1,2"],
  });
  form.loss.value = "mse";
  expect(options.value).toEqual({ boxes: [["--loss", "mse"]], further: ["--top-k", "1,2"] });
});

test("cells sort by their numbers, and what is none comes last", () => {
  const cells = ["1,000", "-", "9.5 %", "0.25 to 1", "NaN", "12", "-3"];
  expect(cells.toSorted(compareCells).slice(0, 5)).toEqual(["-3", "0.25 to 1", "9.5 %", "12", "1,000"]);
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox 153.0"],
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    "Chrome 156.0.0.0",
  ],
  ["Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari 18.1"],
])("the browser of %s", (userAgent, name) => {
  expect(browserName(userAgent)).toContain(name);
});
