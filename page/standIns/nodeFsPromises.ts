import { host } from "./host.ts";

/** A file of the page, read piece by piece: never more of it is in memory than is asked for. */
export async function open(path: string) {
  const file = host.files.get(path);
  if (file === undefined) throw Object.assign(new Error("no such file was given"), { path });
  return {
    stat: async () => ({ size: file.size, isFile: () => true, isDirectory: () => false }),
    async read(into: Uint8Array, offset: number, length: number, position: number) {
      const part = new Uint8Array(await file.slice(position, position + length).arrayBuffer());
      into.set(part, offset);
      return { bytesRead: part.length, buffer: into };
    },
    close: async () => {},
  };
}
