/** Opens the numbers of files that are named, whatever their format. For Node. */
import type { Both } from "./format.ts";
import { bothFrom, tensorFrom } from "./openFrom.ts";
import type { OpenOptions } from "./openOptions.ts";
import { openSource } from "./openSource.ts";
import type { Tensor } from "./tensor.ts";

/** Opens one array of a file or an address; `-` is standard input. See tensorFrom. */
export const openTensor = (path: string, options: OpenOptions): Promise<Tensor> =>
  tensorFrom(() => openSource(path), options);

/** Opens both arrays of one file. See bothFrom. */
export const openBoth = (path: string, logits: OpenOptions, labels: OpenOptions): Promise<Both> =>
  bothFrom(() => openSource(path), logits, labels);
