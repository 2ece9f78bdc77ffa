/** Lines of two columns, the first as wide as its longest entry. */
export function table(lines: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

/** Lines of cells, each column as wide as its widest, all to the right. */
export function columns(cells: readonly (readonly string[])[]): string {
  const widths = cells[0].map((_, i) => cells.reduce((width, row) => Math.max(width, row[i].length), 0));
  return cells.map((row) => `${row.map((cell, i) => cell.padStart(widths[i])).join("  ")}\n`).join("");
}

/** JSON on one line; NaN and the infinities, which JSON has no numbers for, as the strings that Number() and float() read. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, (_key, it) => (typeof it === "number" && !Number.isFinite(it) ? String(it) : it));
  return `${text}\n`;
}

const THOUSANDS = ["", "K", "M", "B", "T"];

/** 1234567 -> 1.235M. Intl.NumberFormat gives the same, but takes 24 ms to load, a fifth of a start. */
export function compact(value: number): string {
  const significant = (x: number) => Number(x.toPrecision(4));
  let rounded = significant(value);
  let power = 0;
  for (; Number.isFinite(rounded) && rounded >= 1000 && power < THOUSANDS.length - 1; power++) {
    rounded = significant(rounded / 1000);
  }
  return `${rounded}${THOUSANDS[power]}`;
}

/** Text fit for a line of a terminal: control characters, line ends and what turns the direction of text become spaces. */
export function oneLine(text: string): string {
  // of the invisible ones the two joiners stay, which names of some languages and emoji need
  return text.replace(/(?:[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf})+/gu, " ");
}
