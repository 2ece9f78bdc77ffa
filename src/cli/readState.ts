import { isBinaryState } from "../evaluate/binary/binaryState.ts";
import { isComparisonState } from "../evaluate/comparison/comparisonState.ts";
import { isRegressionState } from "../evaluate/regression.ts";
import { isEvaluationState } from "../evaluate/state.ts";
import type { ByteSource } from "../formats/bytes.ts";
import { FormatError } from "../formats/error.ts";
import { openSource } from "../formats/openSource.ts";

/** States take kilobytes, 150 bytes a class with --per-class: what is longer than this is none, or has no end. */
const MAXIMAL_BYTES = 2 ** 30;

/** So much is read first: enough to see what is no state. */
const FIRST_BYTES = 64;

/** The bytes of a state of a file or an address, or the first ones of what is none; - is standard input. */
export async function readState(path: string): Promise<Uint8Array> {
  const source = await openSource(path);
  try {
    const first = await take(source, FIRST_BYTES);
    if (![isEvaluationState, isRegressionState, isComparisonState, isBinaryState].some((isState) => isState(first)))
      return first;
    if (source.size !== undefined && source.size > MAXIMAL_BYTES) throw tooLong(source);
    const parts = [first];
    let length = first.length;
    // pieces that grow with what there is, so that little is allocated for little
    for (let wanted = 2 ** 16; ; wanted = length) {
      const part = await take(source, Math.min(wanted, MAXIMAL_BYTES + 1 - length));
      if (part.length === 0) return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
      parts.push(part);
      length += part.length;
      if (length > MAXIMAL_BYTES) throw tooLong(source);
    }
  } finally {
    await source.close();
  }
}

async function take(source: ByteSource, bytes: number): Promise<Uint8Array> {
  const room = new Uint8Array(bytes);
  return room.subarray(0, await source.read(room));
}

function tooLong({ path, size }: ByteSource): FormatError {
  const found = size === undefined ? "more" : `${size}`;
  return new FormatError(`${path}: a state takes at most ${MAXIMAL_BYTES} bytes, but there are ${found}`);
}
