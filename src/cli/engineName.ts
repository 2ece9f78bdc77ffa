/** What runs JavaScript, by `process.versions`: Bun and Deno call themselves a Node.js, too. */
export function engineName({ bun, deno, node, v8 }: Record<string, string | undefined>): string {
  if (bun !== undefined) return `Bun ${bun}, JavaScriptCore`;
  return deno === undefined ? `Node.js v${node}, V8 ${v8}` : `Deno ${deno}, V8 ${v8}`;
}

/** What runs this command line, and where. */
export function thisEngine(): string {
  return `${engineName(process.versions)}, ${process.platform} ${process.arch}`;
}
