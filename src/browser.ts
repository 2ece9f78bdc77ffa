// The door in browsers, where there are no files beside.
export { createLosses } from "./losses.ts";
export * from "./parts.ts";
