import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { npyHeaderRange, npyPreambleBytes, parseNpyHeader } from "./npyHeader.ts";
import { expectEnd, type Tensor, type TensorDtype, tensorOf } from "./tensor.ts";

/** `<f4` is f32, `|i1` i8. */
function dtypeOf(descr: string): TensorDtype {
  return `${descr[1]}${8 * Number(descr[2])}` as TensorDtype;
}

/** The array of an npy file, or of what else holds one: its header is read, and its size checked where it is known. */
export async function npyTensor(source: ByteSource, path: string): Promise<Tensor> {
  const preamble = new Uint8Array(npyPreambleBytes);
  const found = await source.read(preamble);
  const { end } = npyHeaderRange(preamble.subarray(0, found), path);
  const { size } = source;
  if (size !== undefined && end > size) {
    throw new FormatError(`${path}: truncated header: ${end} bytes expected, ${size} found`);
  }
  // A version 1 header may be shorter than the preamble: then there is no dict in it, and parsing says so.
  const bytes = new Uint8Array(Math.max(end, npyPreambleBytes));
  bytes.set(preamble);
  const read = npyPreambleBytes + (await source.read(bytes.subarray(npyPreambleBytes)));
  const { descr, shape, dataBytes, dataOffset } = parseNpyHeader(bytes.subarray(0, read), path);
  if (size !== undefined && size - dataOffset !== dataBytes) {
    const what = size - dataOffset < dataBytes ? "truncated data: " : "trailing bytes: ";
    const noun = size - dataOffset < dataBytes ? "bytes expected" : "bytes of data expected";
    throw new FormatError(`${path}: ${what}${dataBytes} ${noun}, ${size - dataOffset} found`);
  }
  return tensorOf(source, path, dtypeOf(descr), shape, { finish: (it) => expectEnd(it, path, dataBytes) });
}
