import { FormatError } from "./error.ts";

/** Bytes that tell what a file is. */
export const SNIFFED_BYTES = 64;

const SAVE_ARRAYS = "save its arrays with np.save or safetensors.torch.save_file";

/** Files that are met where one of numbers is meant: what they may begin with, in lower case, and what they are. */
const FOREIGN: readonly (readonly [begins: readonly string[], what: string])[] = [
  [["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"], `a Python or PyTorch pickle, which is not read: ${SAVE_ARRAYS}`],
  [["\x89hdf\r\n"], "an HDF5 file, which is not read: save its arrays with np.save"],
  [["par1"], "a Parquet file, which is not read: save its columns with np.save"],
  [["gguf"], "a GGUF file of a model's weights, not of its outputs"],
  [["\x1f\x8b", "\x28\xb5\x2f\xfd", "bzh", "\xfd7zxz"], "compressed: unpack it first"],
  [["<!doctype", "<html", "<?xml"], "a web page, not the file that was to be downloaded"],
];

/** The begin of a pointer that stands for a file until it is fetched. */
const LFS_POINTER = "version https://git-lfs.github.com";

/** Refuses what is known to be something else by its first bytes; of raw binary only what no numbers begin with. */
export function refuseForeign(path: string, bytes: Uint8Array, isRaw: boolean): void {
  const text = String.fromCharCode(...bytes).toLowerCase();
  if (text.startsWith(LFS_POINTER)) {
    throw new FormatError(`${path}: a git-lfs pointer, not the file that it stands for (git lfs pull fetches it)`);
  }
  const known = FOREIGN.find(([begins]) => begins.some((begin) => text.startsWith(begin)));
  if (known && !isRaw) throw new FormatError(`${path}: ${known[1]}`);
}

/** Refuses the archive that torch.save writes, by the names of its members. */
export function refusePickledArchive(path: string, names: Iterable<string>): void {
  for (const name of names) {
    if (!/(^|\/)data\.pkl$/.test(name)) continue;
    throw new FormatError(`${path}: written by torch.save, as a pickle, which is not read: ${SAVE_ARRAYS}`);
  }
}
