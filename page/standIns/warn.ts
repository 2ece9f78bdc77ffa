import { oneLine } from "../../src/cli/text.ts";
import { host } from "./host.ts";

export function warn(line: string): void {
  host.warnings.push(oneLine(line));
}
