/** Node's own parseArgs, as it was before it came to Node. */
export { parseArgs } from "@pkgjs/parseargs";
