import { host } from "./host.ts";

/** Of workers: reads at once. */
declare class FileReaderSync {
  readAsText(file: Blob, encoding: string): string;
}

/** The text of a file of the page; in workers alone. */
export function readFileSync(path: string, _encoding: "utf8"): string {
  const file = host.files.get(path);
  if (file === undefined) throw Object.assign(new Error("no such file was given"), { path });
  return new FileReaderSync().readAsText(file, "utf-8");
}

/** Files that are open, by their descriptors. */
const opened = new Map<number, Blob>();
let next = 3;

export function openSync(path: string, _flags: "r"): number {
  const file = host.files.get(path);
  if (file === undefined) throw Object.assign(new Error("no such file was given"), { path });
  opened.set(next, file);
  return next++;
}

export function closeSync(descriptor: number): void {
  opened.delete(descriptor);
}

export const blobOf = (descriptor: number): Blob => opened.get(descriptor)!;

/** There are no folders. */
export const statSync = (): undefined => undefined;
export const readdirSync = (): string[] => [];

/** What a page can't do, and is not asked for: its files are read as they come, and its outputs are kept for the user. */
function refuse(): never {
  throw new Error("a page does not write to a disk");
}

export {
  refuse as chmodSync,
  refuse as fstatSync,
  refuse as mkdirSync,
  refuse as readSync,
  refuse as renameSync,
  refuse as rmSync,
  refuse as writeSync,
};
