/** The commands that fewer files ask for than an evaluation: loaded when they do. */
import { loadComparer } from "../standIns/wholeComparer.ts";

export { compare } from "../../src/cli/compareCommand.ts";
export { merge } from "../../src/cli/mergeCommand.ts";

loadComparer();
