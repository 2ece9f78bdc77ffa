import type { OpenArchive } from "./archive.ts";

/** Only archives need the library. */
export const openArchive: OpenArchive = async (readAt, size) => {
  const { openWebArchive } = await import("./webArchive.ts");
  return openWebArchive(readAt, size);
};
