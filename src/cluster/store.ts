import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Redis } from "ioredis";
import { stateKey } from "./keys.ts";

/** Where states are kept, by the hash of their bytes. */
export interface StateStore {
  put(state: Uint8Array): Promise<string>;
  /** Undefined where it is not there any more. */
  get(hash: string): Promise<Uint8Array | undefined>;
}

/** States in Redis go after a week. */
export const KEPT_SECONDS = 7 * 24 * 3600;

const hashOf = (state: Uint8Array) => createHash("sha256").update(state).digest("hex");

function checked(hash: string, state: Uint8Array): Uint8Array {
  if (hashOf(state) !== hash) throw new Error(`the state ${hash.slice(0, 12)} was altered where it is kept`);
  return state;
}

/** Deflated in Redis: one of a thousand classes takes a third so. */
export function redisStore(redis: Redis): StateStore {
  return {
    async put(state) {
      const hash = hashOf(state);
      await redis.set(stateKey(hash), deflateRawSync(state), "EX", KEPT_SECONDS);
      return hash;
    },
    async get(hash) {
      const bytes = await redis.getBuffer(stateKey(hash));
      return bytes === null ? undefined : checked(hash, inflateRawSync(bytes));
    },
  };
}

/** Files of a folder that all machines share, each there as a whole or not at all. */
export function folderStore(folder: string): StateStore {
  const pathOf = (hash: string) => join(folder, `${hash}.acc`);
  return {
    async put(state) {
      const hash = hashOf(state);
      await mkdir(folder, { recursive: true });
      const temporary = `${pathOf(hash)}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      await writeFile(temporary, state);
      await rename(temporary, pathOf(hash));
      return hash;
    },
    async get(hash) {
      try {
        return checked(hash, await readFile(pathOf(hash)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
  };
}
