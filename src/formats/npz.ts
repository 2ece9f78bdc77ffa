/** npz files: zip archives of npy files, stored or deflated, each read as a stream. */
import { isAddress } from "./addresses/schemes.ts";
import type { Archive, Member } from "./archive.ts";
import { type ByteSource, type FilePlace, fromChunks } from "./bytes.ts";
import { checksumOf } from "./checksum.ts";
import { choose } from "./choose.ts";
import { FormatError } from "./error.ts";
import { refuseForeignArchive } from "./foreign.ts";
import { type Format, startsWith } from "./format.ts";
import { npyDtype, npyTensor } from "./npyTensor.ts";
import type { OpenOptions } from "./openOptions.ts";
import type { Tensor, TensorDtype } from "./tensor.ts";

/** More members than any npz file has. */
const MAXIMAL_MEMBERS = 10_000;
/** So much of a member's name is in messages. */
const LONGEST_NAME = 80;
/** Of so many members the headers are read, to find the one that fits. */
const MOST_HEADERS = 100;

function failure(path: string, error: unknown): unknown {
  const { syscall, message } = error as { syscall?: unknown; message: string };
  if (/^End of central directory/.test(message)) {
    return new FormatError(`${path}: truncated archive: the directory at its end is missing`);
  }
  return syscall ? Object.assign(error as Error, { path }) : new FormatError(`${path}: ${message}`);
}

/** The members by name: the last one of a name counts, as in numpy, for what is appended to an archive replaces what was there. */
async function membersOf(zip: Archive, path: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  let count = 0;
  for await (const member of zip.members()) {
    if (++count > MAXIMAL_MEMBERS) throw new Error(`more than ${MAXIMAL_MEMBERS} members`);
    members.set(member.name, member);
  }
  if (count === 0) throw new FormatError(`${path}: an archive without members`);
  return members;
}

/** What to say of bytes that are not those that were stored. */
export function alteredData(path: string, found: number, expected: number): FormatError {
  const hex = (it: number) => it.toString(16).padStart(8, "0");
  return new FormatError(`${path}: altered data: its checksum is ${hex(found)}, expected ${hex(expected)}`);
}

/** The bytes of a member, its checksum compared at the end; they begin at `begin`, if they are stored as they are. */
function checked(source: ByteSource, archive: ByteSource, expected: number, begin: number | undefined): ByteSource {
  let sum = 0;
  let left = source.size ?? 0;
  const position = () => (begin ?? 0) + (source.size ?? 0) - left;
  const file = begin === undefined ? undefined : archive.place?.();
  return {
    path: source.path,
    size: source.size,
    ...(begin === undefined || archive.slice === undefined ? {} : { slice: archive.slice, position }),
    async read(into) {
      const n = await source.read(into);
      sum = checksumOf(into.subarray(0, n), sum);
      left -= n;
      if (left === 0 && sum !== expected) throw alteredData(source.path, sum, expected);
      return n;
    },
    place(): FilePlace | undefined {
      return file && { ...file, offset: position(), checksum: { expected, before: sum } };
    },
    unread: () => undefined,
    discard: (bytes) => source.discard(bytes),
    async close() {
      await source.close();
      await archive.close();
    },
  };
}

/** The dtype of a member; undefined of what is no array, or can't be read. */
async function dtypeOf(member: Member): Promise<TensorDtype | undefined> {
  let source: ByteSource | undefined;
  try {
    source = fromChunks(member.name, await member.open());
    return await npyDtype(source, member.name);
  } catch {
    return undefined;
  } finally {
    await source?.close();
  }
}

/** One array of an archive: the one named, with or without .npy, or the only one that fits. */
export async function npzTensor(archive: ByteSource, options: OpenOptions): Promise<Tensor> {
  const { path, size, readAt, openArchive } = archive;
  let zip: Archive | undefined;
  try {
    if (size === undefined || readAt === undefined || openArchive === undefined) {
      const from = size === undefined && !isAddress(path) ? "a pipe" : "a server that sends no parts of it";
      throw new FormatError(`${path}: an archive can only be read from a file that is named, not from ${from}`);
    }
    zip = await openArchive(readAt, size);
    const files = await membersOf(zip, path);
    refuseForeignArchive(path, files.keys());
    // without .npy, unless another member is called so
    const short = (name: string) => {
      const stem = name.replace(/\.npy$/, "");
      return files.has(stem) ? name : stem;
    };
    const candidates = [];
    // headers are read only where names don't tell which one it is
    const isNamed =
      options.tensor !== undefined ||
      [...files.keys()].some((name) => short(name) === (options.beside ?? options.role));
    for (const member of files.values()) {
      const dtype = isNamed || files.size > MOST_HEADERS ? undefined : await dtypeOf(member);
      candidates.push({ name: short(member.name), dtype, member });
    }
    const wanted = { ...options, tensor: options.tensor && short(options.tensor) };
    const { name, member } = choose(path, candidates, wanted);
    const called = `${path}:${member.name.slice(0, LONGEST_NAME).replace(/\p{Cc}/gu, "?")}`;
    if (member.isEncrypted) throw new FormatError(`${called}: an encrypted member; save it without a password`);
    const chunks = await member.open();
    const begin = await member.begin?.();
    const source = checked(fromChunks(called, chunks, member.size), archive, member.checksum, begin);
    return { ...(await npyTensor(source, called)), name };
  } catch (error) {
    zip?.close();
    throw error instanceof FormatError ? error : failure(path, error);
  }
}

export const npz: Format = {
  name: "npz",
  extensions: ["npz"],
  hasNames: true,
  isReadAnywhere: true,
  needsBegin: "an archive",
  begins: (bytes) => startsWith(bytes, [0x50, 0x4b, 3, 4]) || startsWith(bytes, [0x50, 0x4b, 5, 6]),
  open: npzTensor,
};
