import { FormatError } from "./error.ts";
import type { Format } from "./format.ts";

/** Bytes that tell what a file is. */
export const SNIFFED_BYTES = 64;

const SAVE_ARRAYS = "save its arrays with np.save or safetensors.torch.save_file";
const PICKLE = `a Python or PyTorch pickle, which is not read: ${SAVE_ARRAYS}`;
const COMPRESSED = "compressed: unpack it first";
const notRead = (what: string) => `${what}, which is not read: save its arrays with np.save`;
const model = (what: string) => `${what} of a model, not of its outputs: run it, and save those with np.save`;
const ONNX = model("an ONNX file");

/** Files that are met where one of numbers is meant: what they may begin with, in lower case, and what they are. */
const BEGINS: readonly (readonly [begins: readonly string[], what: string])[] = [
  [["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"], PICKLE],
  [["\x89hdf\r\n"], notRead("an HDF5 file")],
  [["cdf\x01", "cdf\x02", "cdf\x05"], notRead("a NetCDF file")],
  [["matlab 5.0 mat-file"], notRead("a MATLAB file")],
  [["arrow1"], notRead("an Arrow file")],
  [["gguf"], "a GGUF file of a model's weights, not of its outputs"],
  [["\x1f\x8b", "\x28\xb5\x2f\xfd", "bzh", "\xfd7zxz", "7z\xbc\xaf", "rar!", "\x04\x22\x4d\x18"], COMPRESSED],
  [["<!doctype", "<html", "<?xml"], "a web page, not the file that was to be downloaded"],
  [["\x89png", "\xff\xd8\xff", "gif8", "%pdf"], "a picture or document, not numbers"],
];

/** The same by the ends of names, of what has no begin of its own. */
const ENDINGS: Readonly<Record<string, string>> = {
  pkl: PICKLE,
  pickle: PICKLE,
  joblib: PICKLE,
  pt: PICKLE,
  pth: PICKLE,
  ckpt: PICKLE,
  onnx: ONNX,
  ort: ONNX,
  tflite: model("a TensorFlow Lite file"),
  pb: model("a TensorFlow file"),
  tfrecord: notRead("a TensorFlow record file"),
  arrow: notRead("an Arrow file"),
  tar: COMPRESSED,
};

/** The begin of a pointer that stands for a file until it is fetched. */
const LFS_POINTER = "version https://git-lfs.github.com";

/** The begin of a text of printed characters and line ends; undefined of anything else. */
function textIn(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes);
  if (text.length === 0 || !/^[\t\r\n -~]*$/.test(text)) return undefined;
  const line = text.trim().split(/[\r\n]/)[0];
  return line.length > 32 ? `${line.slice(0, 32)}...` : line;
}

/**
 * Refuses what is known to be something else by its first bytes: text, unless the format is; of raw binary only what no numbers
 * begin with.
 */
export function refuseForeign(path: string, bytes: Uint8Array, format: Partial<Format>): void {
  const fail = (what: string): never => {
    throw new FormatError(`${path}: ${what}`);
  };
  // a byte order mark and empty lines may stand before text
  const text = String.fromCharCode(...bytes).toLowerCase();
  const trimmed = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (text.startsWith(LFS_POINTER)) {
    fail("a git-lfs pointer, not the file that it stands for (git lfs pull fetches it)");
  }
  if (format.name === "raw") return;
  const known = BEGINS.find(([begins]) => begins.some((begin) => [text, trimmed].some((it) => it.startsWith(begin))));
  if (known) fail(known[1]);
  if (format.isText) return;
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
  if (Object.hasOwn(ENDINGS, ending)) fail(ENDINGS[ending]);
  const line = textIn(bytes);
  if (line !== undefined) {
    fail(`text, not numbers in binary (it begins with ${JSON.stringify(line)}): save them with np.save`);
  }
}

/** Refuses archives of something else by the names of their members: torch.save's, and those without an array. */
export function refuseForeignArchive(path: string, names: Iterable<string>): void {
  const all = [...names];
  if (all.some((name) => /(^|\/)data\.pkl$/.test(name))) {
    throw new FormatError(`${path}: written by torch.save, as a pickle, which is not read: ${SAVE_ARRAYS}`);
  }
  // numpy's own members end so; others write them without
  const ending = all.map((name) => /\.(h5|json|xml|rels|class|pb|txt|csv)$/.exec(name));
  if (all.length > 0 && ending.every(Boolean)) {
    const what = all.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 80)));
    throw new FormatError(`${path}: an archive without arrays (there are ${what.join(", ")}): ${SAVE_ARRAYS}`);
  }
}
