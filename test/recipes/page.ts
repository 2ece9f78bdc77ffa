/** The blocks of code of docs/recipes.md. */
import { readFileSync } from "node:fs";

export interface Block {
  /** js, html, sh, py. */
  readonly language: string;
  readonly text: string;
}

/** By the heading they stand under; those before the first one under "". */
export function recipes(): Map<string, Block[]> {
  const page = readFileSync(new URL("../../docs/recipes.md", import.meta.url), "utf8");
  const [begin, ...sections] = page.split(/^## /m);
  const blocksOf = (text: string) =>
    [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ language, text: code }));
  return new Map([
    ["", blocksOf(begin)],
    ...sections.map((section): [string, Block[]] => [section.slice(0, section.indexOf("\n")), blocksOf(section)]),
  ]);
}
