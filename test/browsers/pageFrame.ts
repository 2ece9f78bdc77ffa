// The page in a frame beside, as a person has it before them.

export const PATIENCE_MILLISECONDS = 120_000;

const frame = document.createElement("iframe");
frame.allow = "cross-origin-isolated";
frame.width = "1000";
frame.height = "800";

/** What the page lets the browser save, by name. */
export const saved = new Map<string, string>();

/** Loads the page, or loads it again, at one of its tabs. */
export async function load(tab = "evaluate"): Promise<void> {
  await new Promise((resolve) => {
    frame.onload = resolve;
    // another search each time: an address that differs behind the # alone is not loaded
    frame.src = `app/index.html?${performance.now()}#${tab}`;
    document.body.append(frame);
  });
  const { HTMLAnchorElement: Anchor } = realm();
  Anchor.prototype.click = function () {
    saved.set(this.download, this.href);
  };
  await until(() => page().querySelector("[role=tab]") !== null);
}

export const page = () => frame.contentDocument!;
/** Its globals. */
export const realm = () => frame.contentWindow as unknown as typeof globalThis;
/** What the tab that is chosen says. */
export const text = () => page().querySelector("[role=tabpanel]:not([hidden])")!.textContent!;

/** Waits for what the page will show. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not so in time: ${holds}; the page says ${text().slice(0, 1000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function button(name: string): HTMLButtonElement {
  const found = [...page().querySelectorAll<HTMLButtonElement>("[role=tabpanel]:not([hidden]) .actions button")].find(
    (it) => it.textContent === name,
  );
  if (found === undefined) throw new Error(`there is no button ${name}`);
  return found;
}

/** Cells of the rows of a table. */
export const cellsOf = (label: string) =>
  [...page().querySelectorAll<HTMLTableRowElement>(`[aria-label="${label}"] tbody tr`)].map((row) =>
    [...row.cells].map((cell) => cell.textContent!.trim()),
  );
