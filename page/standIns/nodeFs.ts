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
