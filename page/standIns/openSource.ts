import { openArchive } from "../../src/formats/archiveInWeb.ts";
import { fromBlob } from "../../src/formats/blobSource.ts";
import type { ByteSource } from "../../src/formats/bytes.ts";
import { host } from "./host.ts";

/** A file of the page, read piece by piece. */
export async function openLocal(path: string): Promise<ByteSource> {
  const file = host.files.get(path);
  if (file === undefined) throw Object.assign(new Error("no such file was given"), { path });
  return fromBlob(path, file, openArchive);
}

/** A page reads what it is given alone. */
export async function openSource(path: string): Promise<ByteSource> {
  if (!host.files.has(path) && /^\w+:\/\//.test(path)) throw new Error(`${path}: a page reads no addresses`);
  return openLocal(path);
}
