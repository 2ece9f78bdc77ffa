/** `npm run page [-- --port N] [-- --build]`: builds the page into build/page/ and serves it on this machine, or only builds it. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPage, POLICY } from "./buildPage.ts";
import { servePage } from "./servePage.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8017" }, build: { type: "boolean", default: false } },
});
const folder = fileURLToPath(new URL("../build/page", import.meta.url));
await buildPage(folder);
console.log(`build/page/ is the page: any static host can serve it.`);
if (!values.build) {
  const { address } = await servePage(folder, {
    port: Number(values.port),
    headers: { "Content-Security-Policy": POLICY },
  });
  console.log(`${address} (Ctrl-C ends it)`);
}
