import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { type Format, startsWith } from "./format.ts";
import { type NpyHeader, npyHeaderRange, npyMagic, npyPreambleBytes, parseNpyHeader } from "./npyHeader.ts";
import { rowByRow } from "./rowByRow.ts";
import { expectEnd, type Tensor, type TensorDtype, tensorOf } from "./tensor.ts";

/** `<f4` is f32, `|i1` i8, `|b1` bool. */
function dtypeOf({ descr }: NpyHeader): TensorDtype {
  return descr[1] === "b" ? "bool" : (`${descr[1]}${8 * Number(descr[2])}` as TensorDtype);
}

/** Reads a header, and checks the size of the data where it is known. */
async function readHeader(source: ByteSource, path: string): Promise<NpyHeader> {
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
  const header = parseNpyHeader(bytes.subarray(0, read), path);
  const { dataBytes, dataOffset } = header;
  if (size !== undefined && size - dataOffset !== dataBytes) {
    const what = size - dataOffset < dataBytes ? "truncated data: " : "trailing bytes: ";
    const noun = size - dataOffset < dataBytes ? "bytes expected" : "bytes of data expected";
    throw new FormatError(`${path}: ${what}${dataBytes} ${noun}, ${size - dataOffset} found`);
  }
  return header;
}

/** The dtype that the header of an npy file tells. */
export async function npyDtype(source: ByteSource, path: string): Promise<TensorDtype> {
  return dtypeOf(await readHeader(source, path));
}

/** The array of an npy file, or of what else holds one; in C order, whatever the order of the file. */
export async function npyTensor(source: ByteSource, path: string): Promise<Tensor> {
  const header = await readHeader(source, path);
  const { shape, dataBytes, dataOffset, bigEndian, fortran } = header;
  const finish = (it: ByteSource) => expectEnd(it, path, dataBytes);
  const tensor = tensorOf(source, path, dtypeOf(header), shape, { finish, bigEndian });
  return fortran ? rowByRow(tensor, { source, offset: dataOffset, bigEndian }) : tensor;
}

export const npy: Format = {
  name: "npy",
  extensions: ["npy"],
  // one that is cut off is told so
  begins: (bytes) => startsWith(npyMagic, [...bytes.subarray(0, npyMagic.length)]),
  open: (source) => npyTensor(source, source.path),
};
