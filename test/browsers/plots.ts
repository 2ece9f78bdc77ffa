/** Plots follow their page's width, scheme and pointer a turn of the browser behind it, a late one where the machine is busy. */
import type { Page } from "playwright-core";

const PATIENCE = { timeout: 10_000 };

const comes = (condition: Promise<unknown>): Promise<boolean> =>
  condition.then(
    () => true,
    () => false,
  );

/** Whether each plot gets within its place. */
export const fits = (page: Page): Promise<boolean> =>
  comes(
    page.waitForFunction(
      () => [...document.querySelectorAll(".plot")].every((it) => it.scrollWidth <= it.clientWidth),
      undefined,
      PATIENCE,
    ),
  );

/** Whether more than 500 pixels of the first plot get a colour of the page. */
export const isDrawnIn = (page: Page, variable: string): Promise<boolean> =>
  comes(
    page.waitForFunction(
      (name) => {
        const canvas = document.querySelector("canvas")!;
        const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
        const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) {
          if (data[i + 3] === 255 && wanted.every((value, k) => data[i + k] === value)) found++;
        }
        return found > 500;
      },
      variable,
      PATIENCE,
    ),
  );

/** Whether an element gets a text. */
export const says = (page: Page, selector: string, text: RegExp): Promise<boolean> =>
  comes(page.locator(selector).filter({ hasText: text }).waitFor(PATIENCE));
