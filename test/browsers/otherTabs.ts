// Train to its end, One answer and Measure as far as they can be cancelled, in the page in a frame beside.
import { expect, test } from "vitest";
import { button, cellsOf, load, PATIENCE_MILLISECONDS, page, text, until } from "./pageFrame.ts";

test(
  "training, which can be stopped and begun again, reads as many of the digits as where the page was built",
  async () => {
    await load("train");
    button("Train").click();
    await until(() => page().querySelector("polyline")?.getAttribute("points") !== "");
    button("Stop").click();
    await until(() => text().includes("Stopped."));
    button("Train").click();
    await until(() => text().includes("Trained."));
    const [, [, , , accuracy]] = cellsOf("How the digits are learnt");
    await load();
    button("Try the digits").click();
    await until(() => page().querySelectorAll(".tiles .value").length > 2);
    expect(accuracy).toBe(page().querySelectorAll(".tiles .value")[2].textContent);
  },
  3 * PATIENCE_MILLISECONDS,
);

test.each([
  ["answer", "Compare", "functions"],
  ["measure", "Measure", "samples"],
])(
  "%s tells how far it is, ends when it is cancelled, and can be begun again",
  async (tab, name, unit) => {
    await load(tab);
    for (let i = 0; i < 2; i++) {
      button(name).click();
      await until(() => new RegExp(`\\d %, .*${unit}/s, \\d+ (s|min) left`).test(text()));
      button("Cancel").click();
      await until(() => text().includes("Cancelled."));
    }
  },
  3 * PATIENCE_MILLISECONDS,
);
