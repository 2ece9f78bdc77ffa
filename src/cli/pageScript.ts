import { readFileSync } from "node:fs";

/** The script of a report's page. It is built by itself, and stands in dist/, two folders up from here, built or not. */
export function pageScript(): string {
  const text = readFileSync(new URL("../../dist/cli/reportPage.js", import.meta.url), "utf8");
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, "");
}
