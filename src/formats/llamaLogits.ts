/**
 * The file of a base model's log-probabilities that llama.cpp's perplexity tool writes (--save-all-logits, --kl-divergence-base):
 *
 *     "_logits_", u32 n_ctx, i32 n_vocab, i32 n_chunk, i32 tokens[n_chunk][n_ctx]
 *     for each chunk a row for each position from n_ctx / 2 to n_ctx - 2, which scores the token behind it:
 *         f32 scale, f32 minimum, u16 values[n_vocab], padded to 2 ceil(n_vocab / 2) + 4 u16
 *
 * The log-probability of a token is scale * value + minimum, in float32.
 * Source: the functions log_softmax, process_logits and kl_divergence of llama.cpp's tools/perplexity/perplexity.cpp.
 */
import { MAXIMAL_CLASSES } from "../evaluate/evaluatorOptions.ts";
import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import type { Both } from "./format.ts";
import { LLAMA_MAGIC } from "./llamaMagic.ts";
import type { OpenOptions } from "./openOptions.ts";
import { type RowPart, type RowStream, tensorsOf } from "./rowStream.ts";
import { expectEnd, type Tensor, type TensorArray } from "./tensor.ts";

const HEADER_BYTES = 20;
/** Tokens of a corpus at most; those of wikitext-2 are 3e5. */
const MOST_TOKENS = 2 ** 28;
/** Bytes of rows that are read at once. */
const READ_BYTES = 2 ** 22;

interface Header {
  readonly context: number;
  readonly classes: number;
  readonly chunks: number;
  /** Rows of a chunk. */
  readonly scored: number;
  readonly rowBytes: number;
}

function headerOf(bytes: Uint8Array, path: string): Header {
  const begin = String.fromCharCode(...bytes.subarray(0, LLAMA_MAGIC.length));
  if (begin !== LLAMA_MAGIC)
    throw new FormatError(`${path}: not a base-logits file of llama.cpp (it does not begin with ${LLAMA_MAGIC})`);
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError(`${path}: truncated header: ${HEADER_BYTES} bytes expected, ${bytes.length} found`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [context, classes, chunks] = [view.getUint32(8, true), view.getInt32(12, true), view.getInt32(16, true)];
  const check = (name: string, value: number, minimum: number, maximum: number) => {
    if (value >= minimum && value <= maximum) return;
    throw new FormatError(`${path}: ${name} is ${value}, but must be from ${minimum} to ${maximum}`);
  };
  check("n_ctx", context, 2, MOST_TOKENS);
  check("n_vocab", classes, 1, MAXIMAL_CLASSES);
  check("n_chunk", chunks, 0, Math.floor(MOST_TOKENS / context));
  const scored = context - 1 - Math.floor(context / 2);
  return { context, classes, chunks, scored, rowBytes: 2 * (2 * Math.ceil(classes / 2) + 4) };
}

/** The tokens that are scored, of all chunks. */
async function labelsOf(source: ByteSource, { context, chunks, scored }: Header): Promise<Int32Array<ArrayBuffer>> {
  const labels = new Int32Array(chunks * scored);
  const tokens = new Int32Array(context);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const found = await source.read(new Uint8Array(tokens.buffer));
    if (found < 4 * context) {
      const [expected, all] = [4 * context * chunks, 4 * context * chunk + found];
      throw new FormatError(`${source.path}: truncated tokens: ${expected} bytes expected, ${all} found`);
    }
    labels.set(tokens.subarray(context - scored), chunk * scored);
  }
  return labels;
}

/** float32 from 16 bits: a row of log-probabilities. 2.6 ns a value, where its evaluation takes 30 (both on a busy machine). */
function widen(row: Uint16Array, scale: number, minimum: number, out: Float32Array, at: number, classes: number): void {
  for (let i = 0; i < classes; i++) out[at + i] = Math.fround(scale * row[i]) + minimum;
}

class LlamaRows implements RowStream {
  readonly path: string;
  readonly parts: readonly RowPart[];
  readonly rows: number;
  readonly input = "logProbabilities";
  readonly #source: ByteSource;
  readonly #labels: Int32Array<ArrayBuffer>;
  readonly #rowBytes: number;
  readonly #bytes: Uint8Array;
  #row = 0;

  constructor(source: ByteSource, { classes, rowBytes }: Header, labels: Int32Array<ArrayBuffer>) {
    this.path = source.path;
    this.#source = source;
    this.#labels = labels;
    this.#rowBytes = rowBytes;
    this.rows = labels.length;
    this.parts = [
      { dtype: "f32", perRow: classes },
      { dtype: "i32", perRow: 1 },
    ];
    this.#bytes = new Uint8Array(Math.max(1, Math.floor(READ_BYTES / rowBytes)) * rowBytes);
  }

  async next(): Promise<readonly TensorArray[] | undefined> {
    const [{ perRow: classes }] = this.parts;
    const rowBytes = this.#rowBytes;
    const count = Math.min(this.#bytes.length / rowBytes, this.rows - this.#row);
    if (count === 0) {
      await expectEnd(this.#source, this.path, this.rows * rowBytes);
      return undefined;
    }
    const found = await this.#source.read(this.#bytes.subarray(0, count * rowBytes));
    if (found < count * rowBytes) throw truncated(this.path, this.rows * rowBytes, this.#row * rowBytes + found);
    const out = new Float32Array(count * classes);
    for (let row = 0; row < count; row++) {
      const [scale, minimum] = new Float32Array(this.#bytes.buffer, row * rowBytes, 2);
      widen(
        new Uint16Array(this.#bytes.buffer, row * rowBytes + 8, classes),
        scale,
        minimum,
        out,
        row * classes,
        classes,
      );
    }
    const labels = this.#labels.subarray(this.#row, this.#row + count);
    this.#row += count;
    return [out, labels];
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

const truncated = (path: string, expected: number, found: number) =>
  new FormatError(`${path}: truncated data: ${expected} bytes of rows expected, ${found} found`);

export async function openBoth(source: ByteSource): Promise<Both> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const { path, size } = source;
  const header = headerOf(bytes.subarray(0, await source.read(bytes)), path);
  const { context, chunks, scored, rowBytes } = header;
  if (size !== undefined) {
    const [expected, found] = [chunks * scored * rowBytes, size - HEADER_BYTES - 4 * chunks * context];
    if (found < expected) throw truncated(path, expected, Math.max(0, found));
    if (found > expected)
      throw new FormatError(`${path}: trailing bytes: ${expected} bytes of rows expected, ${found} found`);
  }
  const [logits, labels] = tensorsOf(new LlamaRows(source, header, await labelsOf(source, header)));
  return { logits, labels };
}

export async function open(source: ByteSource, { role }: OpenOptions): Promise<Tensor> {
  return (await openBoth(source))[role];
}
