// The README's table of kernels, from their descriptions: `npx tsx scripts/kernelTable.ts` writes it.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KERNELS } from "../src/descriptions/list.ts";

const HEAD = ["| kernel | formula | unit | dtypes | error, f32 | error, f64 |", "|---|---|---|---|---|---|"];

export function kernelTable(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = KERNELS.map(({ name, formula, unit, dtypes, tolerance }) =>
    [`\`${name}\``, formula, unit, dtypes?.join(", ") ?? "-", tolerance.f32, tolerance.f64].map(cell).join(" | "),
  );
  return [...HEAD, ...rows.map((row) => `| ${row} |`)].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = new URL("../README.md", import.meta.url);
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(/\| kernel +\|[\s\S]*?\n\n/, () => `${kernelTable()}\n\n`),
  );
}
