import type * as whole from "../../src/cli/adding/shareOut.ts";

/** What lies in files of a disk is shared out by rows; a page's rows are shared out by the engine, launch by launch. */
export const shareOut: typeof whole.shareOut = async () => {
  throw new Error("a page's files are not shared out");
};

export const countParts: typeof whole.countParts = () => 0;
