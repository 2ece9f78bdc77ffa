/** Plots follow the width of their place, a turn of the browser behind it. */
import type { Page } from "playwright-core";

/** Whether each plot is within its place as soon as it has followed. */
export const fits = (page: Page): Promise<boolean> =>
  page
    .waitForFunction(
      () => [...document.querySelectorAll(".plot")].every((it) => it.scrollWidth <= it.clientWidth),
      undefined,
      { timeout: 10_000 },
    )
    .then(
      () => true,
      () => false,
    );
