/** The script of a thread that adds up parts. It is built by itself, and stands in dist/, two folders up from here, built or not. */
export const partScript = new URL("../../dist/cli/partWorker.js", import.meta.url);
