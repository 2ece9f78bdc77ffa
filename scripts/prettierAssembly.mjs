// Prettier for assembly/: TypeScript, but for decorators of functions, which only AssemblyScript has. They become comments
// before parsing and decorators again in print. (assemblyscript-prettier leaves two blank lines before each of them.)
import * as estree from "prettier/plugins/estree";
import * as typescript from "prettier/plugins/typescript";

const DECORATED = /^@(\w+) (?=(?:export )?function )/gm;

export const parsers = {
  typescript: {
    ...typescript.parsers.typescript,
    astFormat: "assembly",
    preprocess: (text) => text.replace(DECORATED, "/*@$1*/ "),
  },
};

export const printers = {
  assembly: {
    ...estree.printers.estree,
    printComment(path, options) {
      const { value } = path.node;
      return /^@\w+$/.test(value) ? value : estree.printers.estree.printComment(path, options);
    },
  },
};
