import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAddress } from "../formats/addresses/schemes.ts";
import type { RowRange } from "../formats/rows/shift.ts";
import { UsageError } from "./arguments.ts";

/** One of several that the rows are shared out to. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** `3/16` is the third of sixteen. */
export function shardOption(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  if (Number(index) >= 1 && Number(index) <= Number(count)) return { index: Number(index), count: Number(count) };
  throw new UsageError(`--shard is ${JSON.stringify(text)}, but must be I/N, I an integer from 1 to N`);
}

/** Where the state is written to: the file that is given, or that of the shard in the folder or the bucket that is given. */
export function stateOption(
  file: string | undefined,
  folder: string | undefined,
  shard: Shard | undefined,
): string | undefined {
  if (folder === undefined) {
    if (shard === undefined || file !== undefined) return file;
    throw new UsageError("--shard needs --state-dir DIR, or --state FILE");
  }
  if (file !== undefined) throw new UsageError("--state and --state-dir are given, but one state is written");
  if (shard === undefined) throw new UsageError("--state-dir is for --shard I/N");
  if (folder === "") throw new UsageError('--state-dir is "", but must name a folder');
  const name = `part-${shard.index}-of-${shard.count}.acc`;
  if (isAddress(folder)) return `${folder.replace(/\/+$/, "")}/${name}`;
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** Rows of the I-th of N shards, as even as they can be. */
export function rowsOfShard({ index, count }: Shard, rows: number): RowRange {
  const before = (shards: number) => Number((BigInt(rows) * BigInt(shards)) / BigInt(count));
  return { first: before(index - 1), end: before(index) };
}
