// The door in browsers, where there are no files beside.

export * from "./exports.ts";
export { createLosses } from "./inlinedLosses.ts";
