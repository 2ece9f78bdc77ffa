import * as whole from "../../src/cli/report/page.ts";
import { host } from "./host.ts";

export type { Page, Tile } from "../../src/cli/report/page.ts";
export { contentHtml } from "../../src/cli/report/page.ts";

/** The report's text; its parts are kept for the page to show. */
export function pageHtml(page: whole.Page): string {
  host.page = page;
  return whole.pageHtml(page);
}
