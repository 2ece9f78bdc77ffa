// The readers of files in browsers: nothing of Node is touched.
import { openArchive } from "./archiveInWeb.ts";
import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { type FileInput, fromResponse, type Platform } from "./fileInput.ts";
import { openBatchesOn, openPairsOn, openTensorOn } from "./readers.ts";

export { FormatError } from "./error.ts";

/** A name is an address, which may be relative to the page. */
async function openNamed(name: string): Promise<ByteSource> {
  let response: Response;
  try {
    response = await fetch(name);
  } catch (error) {
    throw new FormatError(`${name}: can't be fetched: ${(error as Error).message}`);
  }
  return fromResponse(response, name, openArchive);
}

const platform: Platform = { openNamed, openArchive };

type Rest<F> = F extends (platform: Platform, input: FileInput, ...rest: infer R) => unknown ? R : never;

export const openTensor = (input: FileInput, ...rest: Rest<typeof openTensorOn>) =>
  openTensorOn(platform, input, ...rest);
export const openBatches = (input: FileInput, ...rest: Rest<typeof openBatchesOn>) =>
  openBatchesOn(platform, input, ...rest);
export const openPairs = (input: FileInput, ...rest: Rest<typeof openPairsOn>) => openPairsOn(platform, input, ...rest);
