/** Opens the numbers of a source of bytes, whatever its format. */
import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { refuseForeign, SNIFFED_BYTES } from "./foreign.ts";
import type { Both, Format } from "./format.ts";
import { FORMATS } from "./formatList.ts";
import { type OpenOptions, optionOf } from "./openOptions.ts";
import { raw } from "./raw.ts";
import type { Tensor } from "./tensor.ts";

/** What a file begins with, put back; nothing of a raw pipe, which may be slow to deliver. */
async function firstBytes(source: ByteSource, isRaw: boolean): Promise<Uint8Array> {
  const buffer = new Uint8Array(source.size === undefined && isRaw ? 0 : SNIFFED_BYTES);
  const bytes = buffer.subarray(0, await source.read(buffer));
  source.unread(bytes);
  return bytes;
}

/** Formats by their names. */
export const FORMAT_NAMES: readonly string[] = [...FORMATS, raw].map(({ name }) => name);

/** The format that is given; else by the name's ending; else raw where a dtype is given; else by the first bytes. */
async function formatOf(source: ByteSource, { dtype, role, format: given }: OpenOptions): Promise<Format> {
  const { path } = source;
  const extension = /\.(\w+)$/.exec(path)?.[1].toLowerCase();
  const isNamed = ({ name, extensions }: Format) =>
    given === undefined ? extensions.some((it) => it === extension) : name === given;
  const named = FORMATS.find(isNamed) ?? (dtype && raw);
  const bytes = await firstBytes(source, dtype !== undefined);
  if (bytes.length === 0 && (named === undefined || named.needsBegin)) throw new FormatError(`${path}: an empty file`);
  const found = FORMATS.find((it) => it.begins(bytes));
  const format = named ?? found;
  if (found === undefined || found.isText) refuseForeign(path, bytes, format ?? {});
  if (named?.needsBegin && found !== named) {
    const what = found === undefined ? "" : `, but ${found.name}`;
    throw new FormatError(`${path}: not ${named.needsBegin}, as its name says${what}`);
  }
  if (format !== undefined && (given !== raw.name || format === raw)) return format;
  const names = FORMATS.map((it) => it.name).join(", ");
  throw new FormatError(`${path}: none of ${names} (raw binary needs ${optionOf(role, "dtype")})`);
}

/** The format of a source, which must go with the options. */
async function checkedFormat(source: ByteSource, options: OpenOptions): Promise<Format> {
  const { tensor, role, beside } = options;
  const format = await formatOf(source, options);
  const what = format === raw ? "raw binary" : `${/^np[yz]/.test(format.name) ? "an" : "a"} ${format.name} file`;
  if (beside !== undefined && format.isOfBoth) {
    throw new FormatError(`${source.path}: ${what} holds logits and labels, but no ${beside}`);
  }
  if (tensor !== undefined && !format.hasNames) {
    const option = `${optionOf(role, "tensor")} is ${JSON.stringify(tensor)}`;
    throw new FormatError(`${source.path}: ${what} holds one array without a name, but ${option}`);
  }
  return format;
}

function checkDtype(tensor: Tensor, { dtype, role }: OpenOptions): Tensor {
  if (dtype === undefined || tensor.dtype === dtype) return tensor;
  throw new FormatError(`${tensor.path}: the file holds ${tensor.dtype}, but ${optionOf(role, "dtype")} is ${dtype}`);
}

/** Opens the bytes of a file, from their first one. */
export type Open = () => ByteSource | Promise<ByteSource>;

/** Uses what `open` opens; it is closed where that fails. */
async function withSource<T>(open: Open, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await open();
  try {
    return await use(source);
  } catch (error) {
    await source.close().catch(() => {});
    throw error;
  }
}

/** Uses a source and its format; one that must be read from anywhere is kept first, where that is wanted. */
function withFormat<T>(
  open: Open,
  options: OpenOptions,
  isKept: (format: Format) => boolean,
  use: (source: ByteSource, format: Format, again: Open) => Promise<T>,
): Promise<T> {
  return withSource(open, async (source) => {
    const format = await checkedFormat(source, options);
    if (source.keep === undefined || !isKept(format)) return use(source, format, open);
    const kept = await source.keep();
    return withSource(kept, (it) => use(it, format, kept));
  });
}

/**
 * Opens one array. Nothing but headers, and the first rows of tables, is read before read() is called.
 *
 * @throws FormatError, with the path and one line of reason; the error of node:fs of a file that can't be read
 */
export function tensorFrom(open: Open, options: OpenOptions): Promise<Tensor> {
  const isKept = ({ isReadAnywhere = false }: Format) => isReadAnywhere;
  return withFormat(open, options, isKept, async (source, format) =>
    checkDtype(await format.open(source, options), options),
  );
}

/**
 * Opens the logits (or predictions) and the labels (or targets) of one file: of a table, which is read once, or of a file of
 * arrays with names.
 *
 * @throws as tensorFrom
 */
export function bothFrom(open: Open, logits: OpenOptions, labels: OpenOptions): Promise<Both> {
  const isKept = ({ isReadAnywhere = false, hasNames = false }: Format) => isReadAnywhere || hasNames;
  return withFormat(open, logits, isKept, async (source, format, again) => {
    const { path, size } = source;
    if (format.openBoth) {
      const both = await format.openBoth(source, logits, labels);
      checkDtype(both.logits, logits);
      return both;
    }
    if (!format.hasNames || size === undefined) {
      const why = format.hasNames ? "a pipe can be read only once" : `a file of ${format.name} holds one array`;
      throw new FormatError(
        `${path}: ${why}: LABELS must name the file of the ${labels.isRegression ? "targets" : "labels"}`,
      );
    }
    const first = checkDtype(await format.open(source, logits), logits);
    try {
      const second = await tensorFrom(again, labels);
      if (first.name !== second.name) return { logits: first, labels: second };
      await second.close();
      const [one, other] = labels.isRegression ? ["predictions", "targets"] : ["logits", "labels"];
      throw new FormatError(
        `${path}: ${JSON.stringify(first.name)} can't be both ${one} and ${other}: --tensor and --labels-tensor must name them`,
      );
    } catch (error) {
      await first.close();
      throw error;
    }
  });
}
