// The tables of the documents that come from the descriptions of losses and kernels: `npx tsx scripts/docTables.ts` writes them.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { FUNCTIONS, KERNELS } from "../src/descriptions/list.ts";
import { OPTIMIZERS } from "../src/descriptions/optimizers.ts";

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Without those of element-wise losses, which have a table of their own: a new one is in one document. */
function kernels(): string {
  const others = [...KERNELS.filter(({ template }) => !template), ...FUNCTIONS];
  const rows = others.map(({ name, formula, unit, dtypes, tolerance }) => {
    return [`\`${name}\``, formula, unit, dtypes?.join(", ") ?? "-", tolerance.f32, tolerance.f64];
  });
  return markdown(["kernel", "formula", "unit", "dtypes", "error, f32", "error, f64"], rows);
}

function elementwise(): string {
  const rows = ELEMENTWISE.map(({ name, input, formula, options }, i) => {
    // of the same function with another input they stand above
    const isFirst = ELEMENTWISE.findIndex((loss) => loss.name === name) === i;
    const own = isFirst ? options.map((it) => `\`${it.name}\` = ${it.flag ? false : it.default}`) : [];
    const given = input === undefined ? own : [`\`input\`: ${input}`, ...own];
    return [`\`${name}\``, formula, given.join(", ")];
  });
  return markdown(["loss", "of an element", "options"], rows);
}

function optimizers(): string {
  const rows = OPTIMIZERS.map(({ name, formula, options, flags }) => {
    const own = options.flatMap((option) =>
      option.default === undefined ? [] : [`\`${option.name}\` = ${option.default}`],
    );
    return [`\`${name}\``, formula, [...own, ...flags.map((flag) => `\`${flag}\` = false`)].join(", ")];
  });
  return markdown(["optimizer", "step t", "options"], rows);
}

/** Each table: the document it stands in, the name between its markers, and what writes it. */
export const TABLES = [
  { file: "README.md", name: "elementwise", table: elementwise },
  { file: "docs/accuracy.md", name: "kernels", table: kernels },
  { file: "docs/optimizers.md", name: "optimizers", table: optimizers },
] as const;

const pathOf = (file: string) => new URL(`../${file}`, import.meta.url);

/** A document as it is, and as it is with its tables written anew. */
export function documents(): { file: string; now: string; fresh: string }[] {
  return [...new Set(TABLES.map(({ file }) => file))].map((file) => {
    const now = readFileSync(pathOf(file), "utf8");
    let fresh = now;
    for (const { name, table } of TABLES.filter((each) => each.file === file)) {
      const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
      const [from, to] = [fresh.indexOf(begin), fresh.indexOf(end)];
      if (from < 0 || to < from) throw new Error(`${file} must have ${begin} and after it ${end}`);
      fresh = `${fresh.slice(0, from)}${begin}\n\n${table()}\n\n${fresh.slice(to)}`;
    }
    return { file, now, fresh };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, fresh } of documents()) writeFileSync(pathOf(file), fresh);
}
