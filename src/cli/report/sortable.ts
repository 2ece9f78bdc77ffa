/** `1,234`, `12.5 %` and `0.5 to 1` by the number that they begin with; anything else, `-` and NaN, is no number. */
export function numberIn(text: string): number {
  return Number.parseFloat(text.trim().replaceAll(",", ""));
}

/** The order of two cells: of numbers, what is none behind them; of texts where neither is one. */
export function compareCells(a: string, b: string): number {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) {
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a.localeCompare(b);
  }
  return x < y ? -1 : Number(x > y);
}

/** The heads of all tables of numbers below an element become buttons that sort by their column: falling first, then rising. */
export function makeSortable(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>("table.numbers")) {
    const heads = [...table.tHead!.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const falls = head.getAttribute("aria-sort") !== "descending";
        for (const it of heads) it.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falls ? "descending" : "ascending");
        sort(table.tBodies[0], column, falls);
      });
    });
  }
}

function sort(body: HTMLTableSectionElement, column: number, falls: boolean): void {
  const textOf = (row: HTMLTableRowElement) => row.cells[column].textContent ?? "";
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [textOf(a), textOf(b)];
    // what is no number stays at the end either way
    const isEnd = Number.isNaN(numberIn(x)) !== Number.isNaN(numberIn(y));
    return falls && !isEnd ? compareCells(y, x) : compareCells(x, y);
  });
  body.append(...rows);
}
