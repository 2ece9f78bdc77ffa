// The commands beside evaluate: they are loaded when one of them is called, all of them, as they share most of what they load.
import { bench, benchHelp } from "./benchCommand.ts";
import { cluster, clusterHelp } from "./cluster/clusterCommand.ts";
import { compare } from "./compareCommand.ts";
import { compareHelp } from "./compareOptions.ts";
import { info, infoHelp } from "./infoCommand.ts";
import { merge, mergeHelp } from "./mergeCommand.ts";

export const otherCommands = {
  compare: { run: compare, help: compareHelp },
  merge: { run: merge, help: mergeHelp },
  cluster: { run: cluster, help: clusterHelp },
  info: { run: info, help: infoHelp },
  bench: { run: bench, help: benchHelp },
};
