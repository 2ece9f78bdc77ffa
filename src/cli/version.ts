import { readFileSync } from "node:fs";

/** That of the package's package.json, which stands two folders up from here, built or not. */
export const version: string = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
