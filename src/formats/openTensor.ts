/** Opens the numbers of a file, whatever its format. For Node. */
import { type ByteSource, fromStream, openFile } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { refuseForeign, SNIFFED_BYTES } from "./foreign.ts";
import { npyMagic } from "./npyHeader.ts";
import { npyTensor } from "./npyTensor.ts";
import { npzTensor } from "./npz.ts";
import { type OpenOptions, optionOf } from "./openOptions.ts";
import { safetensorsTensor } from "./safetensors.ts";
import { arrayOf, type Tensor, type TensorDtype, tensorOf } from "./tensor.ts";

type Format = "npy" | "npz" | "safetensors" | "raw";

const EXTENSIONS: readonly Format[] = ["npy", "npz", "safetensors"];

function startsWith(bytes: ArrayLike<number>, begin: readonly number[]): boolean {
  return begin.every((byte, i) => bytes[i] === byte);
}

/** What a file begins with, put back; nothing of a raw pipe, which may be slow to deliver. */
async function firstBytes(source: ByteSource, { dtype }: OpenOptions): Promise<Uint8Array> {
  const buffer = new Uint8Array(source.size === undefined && dtype !== undefined ? 0 : SNIFFED_BYTES);
  const bytes = buffer.subarray(0, await source.read(buffer));
  source.unread(bytes);
  return bytes;
}

function sniffed(bytes: Uint8Array): Format | undefined {
  if (startsWith(bytes, [0x50, 0x4b, 3, 4]) || startsWith(bytes, [0x50, 0x4b, 5, 6])) return "npz";
  if (bytes[8] === 0x7b && startsWith(bytes.subarray(4), [0, 0, 0, 0])) return "safetensors";
  // one that is cut off is told so
  return startsWith(npyMagic, [...bytes.subarray(0, npyMagic.length)]) ? "npy" : undefined;
}

/** By the name's ending; else raw where a dtype is given; else by the first bytes. */
async function formatOf(source: ByteSource, options: OpenOptions): Promise<Format> {
  const { path } = source;
  const extension = /\.(\w+)$/.exec(path)?.[1].toLowerCase();
  const named = EXTENSIONS.find((it) => it === extension) ?? (options.dtype === undefined ? undefined : "raw");
  const bytes = await firstBytes(source, options);
  if (bytes.length === 0 && (named === undefined || named === "npz")) throw new FormatError(`${path}: an empty file`);
  const found = sniffed(bytes);
  if (found === undefined) refuseForeign(path, bytes, named === "raw");
  const format = named ?? found;
  if (format === "npz" && found !== "npz") {
    throw new FormatError(`${path}: not an archive, as its name says${found === undefined ? "" : `, but ${found}`}`);
  }
  if (format !== undefined) return format;
  throw new FormatError(
    `${path}: neither npy, npz nor safetensors (raw binary needs ${optionOf(options.role, "dtype")})`,
  );
}

/** Numbers without a header: their file's length is that of the array, a pipe's is not known before its end. */
function rawTensor(source: ByteSource, dtype: TensorDtype): Tensor {
  const { path, size } = source;
  const each = arrayOf(dtype).BYTES_PER_ELEMENT;
  if (size !== undefined && size % each !== 0) {
    throw new FormatError(`${path}: ${size} bytes are not a multiple of ${each} (${dtype})`);
  }
  return tensorOf(source, path, dtype, undefined, size === undefined ? {} : { length: size / each });
}

async function tensorIn(source: ByteSource, options: OpenOptions): Promise<Tensor> {
  const { tensor, dtype, role } = options;
  const format = await formatOf(source, options);
  if (tensor !== undefined && (format === "raw" || format === "npy")) {
    const what = format === "raw" ? "raw binary" : "an npy file";
    const option = `${optionOf(role, "tensor")} is ${JSON.stringify(tensor)}`;
    throw new FormatError(`${source.path}: ${what} holds one array without a name, but ${option}`);
  }
  if (format === "raw") return rawTensor(source, dtype!);
  if (format === "safetensors") return safetensorsTensor(source, source.path, options);
  if (format === "npy") return npyTensor(source, source.path, options);
  if (source.size === undefined) {
    throw new FormatError(`${source.path}: an archive can only be read from a file that is named, not from a pipe`);
  }
  await source.close();
  return npzTensor(source.path, options);
}

/**
 * Opens npy, npz, safetensors and raw files; `-` is standard input. Nothing but headers is read before read() is called.
 *
 * @throws FormatError, with the path and one line of reason; the error of node:fs of a file that can't be read
 */
export async function openTensor(path: string, options: OpenOptions): Promise<Tensor> {
  const source = path === "-" ? fromStream("standard input", process.stdin) : await openFile(path);
  try {
    const tensor = await tensorIn(source, options);
    const { dtype } = options;
    if (dtype !== undefined && tensor.dtype !== dtype) {
      const option = optionOf(options.role, "dtype");
      throw new FormatError(`${tensor.path}: the file holds ${tensor.dtype}, but ${option} is ${dtype}`);
    }
    return tensor;
  } catch (error) {
    await source.close().catch(() => {});
    throw error;
  }
}
