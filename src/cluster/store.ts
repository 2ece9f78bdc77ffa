/** States of a run, each under the key of what it depends on: the first one that is put there counts. */
import { createHash } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Redis } from "ioredis";
import { isWhole } from "../evaluate/stateBytes.ts";
import { isInBucket } from "../formats/addresses/schemes.ts";
import { stateKey } from "./keys.ts";

/** Where states are kept. What is put or found is known by its key and the hash of its bytes. */
export interface StateStore {
  /** Keeps a state, or finds that there is one already, which is the same. */
  put(key: string, state: Uint8Array): Promise<string>;
  /** Of each key false where nothing is kept under it for certain: Redis is asked for all of them at once. */
  mayHave(keys: readonly string[]): Promise<boolean[]>;
  /** What is kept under a key and can be read. */
  find(key: string): Promise<string | undefined>;
  /** Undefined where it is not there any more. */
  get(reference: string): Promise<Uint8Array | undefined>;
}

/** States in Redis go after a week. */
export const KEPT_SECONDS = 7 * 24 * 3600;

/** Bytes by their keys. */
interface Place {
  /** Where it is quicker to ask than to read: whether there are any. */
  has?(keys: readonly string[]): Promise<boolean[]>;
  read(key: string): Promise<Uint8Array | undefined>;
  /** False where there are some already and `replace` is not set. */
  write(key: string, bytes: Uint8Array, replace: boolean): Promise<boolean>;
}

const referenceOf = (key: string, state: Uint8Array) => `${key}.${createHash("sha256").update(state).digest("hex")}`;

function storeIn({ read, write, has }: Place): StateStore {
  async function find(key: string): Promise<string | undefined> {
    const state = await read(key);
    return state && isWhole(state) ? referenceOf(key, state) : undefined;
  }
  return {
    find,
    mayHave: async (keys) => (has ? has(keys) : keys.map(() => true)),
    async put(key, state) {
      if (!(await write(key, state, false))) {
        const before = await find(key);
        if (before !== undefined) return before;
        await write(key, state, true);
      }
      return referenceOf(key, state);
    },
    async get(reference) {
      const [key] = reference.split(".");
      const state = await read(key);
      if (state === undefined || referenceOf(key, state) === reference) return state;
      throw new Error(`the state ${key.slice(0, 12)} was altered where it is kept`);
    },
  };
}

/** Deflated in Redis: one of a thousand classes takes a third so. */
export function redisStore(redis: Redis): StateStore {
  return storeIn({
    async has(keys) {
      const asked = redis.pipeline();
      for (const key of keys) asked.exists(stateKey(key));
      return (await asked.exec())!.map(([error, found]) => error !== null || found === 1);
    },
    async read(key) {
      const bytes = await redis.getBuffer(stateKey(key));
      return bytes === null ? undefined : inflateRawSync(bytes);
    },
    async write(key, bytes, replace) {
      const deflated = deflateRawSync(bytes);
      if (replace) return (await redis.set(stateKey(key), deflated, "EX", KEPT_SECONDS)) === "OK";
      return (await redis.set(stateKey(key), deflated, "EX", KEPT_SECONDS, "NX")) === "OK";
    },
  });
}

const isCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? "");

/** Files of a folder that all machines share, each there as a whole or not at all. */
export function folderStore(folder: string): StateStore {
  const pathOf = (key: string) => join(folder, `${key}.acc`);
  return storeIn({
    async read(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (isCode(error, "ENOENT")) return undefined;
        throw error;
      }
    },
    async write(key, bytes, replace) {
      await mkdir(folder, { recursive: true });
      const temporary = `${pathOf(key)}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      try {
        await writeFile(temporary, bytes);
        if (!replace) {
          try {
            await link(temporary, pathOf(key));
            return true;
          } catch (error) {
            if (isCode(error, "EEXIST")) return false;
            // a file system without links
            if (!isCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
          }
        }
        await rename(temporary, pathOf(key));
        return true;
      } finally {
        await rm(temporary, { force: true });
      }
    },
  });
}

/** Objects of a bucket, with the keys of each machine's environment. */
export function bucketStore(bucket: string): StateStore {
  const addressOf = (key: string) => `${bucket.replace(/\/+$/, "")}/${key}.acc`;
  return storeIn({
    async read(key) {
      const { getFile } = await import("../formats/addresses/bucket.ts");
      return getFile(addressOf(key));
    },
    async write(key, bytes, replace) {
      const { putFile } = await import("../formats/addresses/bucket.ts");
      return putFile(addressOf(key), bytes, { replace });
    },
  });
}

/** Where a run's states are kept. */
export function storeOf(redis: Redis, stateDir: string | undefined): StateStore {
  if (stateDir === undefined) return redisStore(redis);
  return isInBucket(stateDir) ? bucketStore(stateDir) : folderStore(stateDir);
}
