import type * as whole from "../../src/cli/rowsOut/rowsFile.ts";

export const openRowsFile: typeof whole.openRowsFile = () => {
  throw new Error("the options: a file of what became of each row is written by the command line alone");
};
