/** A page has the module inlined. */
export { createLosses } from "../../src/inlinedLosses.ts";
