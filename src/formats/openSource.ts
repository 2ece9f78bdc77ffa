import { isAddress } from "./addresses/schemes.ts";
import { type ByteSource, fromChunks } from "./bytes.ts";
import { openFile } from "./openFile.ts";

/** Opens the bytes of a file, or of standard input, which is `-`. For Node. */
export async function openLocal(path: string): Promise<ByteSource> {
  return path === "-" ? fromChunks("standard input", process.stdin) : openFile(path);
}

/** The same, of an address, too: of it `window` bytes are asked for at first, where not more will be read from its begin. */
export async function openSource(path: string, window?: number): Promise<ByteSource> {
  if (!isAddress(path)) return openLocal(path);
  const { openAddress } = await import("./addresses/openAddress.ts");
  return openAddress(path, undefined, window);
}
