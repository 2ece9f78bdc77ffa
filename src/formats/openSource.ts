import { isAddress } from "./addresses/address.ts";
import { type ByteSource, fromStream, openFile } from "./bytes.ts";

/**
 * Opens the bytes of a file, of an address, or of standard input, which is `-`. Of an address `window` bytes are asked for at first, where
 * not more will be read from its begin. For Node.
 */
export async function openSource(path: string, window?: number): Promise<ByteSource> {
  if (path === "-") return fromStream("standard input", process.stdin);
  if (!isAddress(path)) return openFile(path);
  const { openAddress } = await import("./addresses/openAddress.ts");
  return openAddress(path, undefined, window);
}
