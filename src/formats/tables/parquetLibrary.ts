/** hyparquet, which a user installs beside, and what is asked of it and answered. */
import type { Compressors } from "hyparquet";
import { turn } from "../../evaluate/turn.ts";
import { FormatError } from "../error.ts";
import type { PageReaders } from "./parquetPages.ts";

/** hyparquet, with what it does not export. */
export type Library = typeof import("hyparquet") & Pick<PageReaders, "parquetHeader">;

/** hyparquet, or the sentence that it is missing. */
export async function libraryFor(path: string): Promise<Library> {
  try {
    const [library, { parquetHeader }] = await Promise.all([import("hyparquet"), import("hyparquet/src/column.js")]);
    return { ...library, parquetHeader };
  } catch {
    throw new FormatError(`${path}: a Parquet file, which is read through hyparquet: npm install hyparquet`);
  }
}

/** What unpacks zstd, gzip, brotli and lz4, if it is installed: hyparquet itself knows snappy. */
export async function compressorsIn(): Promise<Compressors | undefined> {
  try {
    return (await import("hyparquet-compressors")).compressors;
  } catch {
    return undefined;
  }
}

/** All that hyparquet throws is about what is in the file, but for what its bytes' source throws. */
async function guarded<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { message, syscall } = error as { syscall?: unknown; message: string };
    if (error instanceof FormatError || syscall) throw error;
    const [line] = String(message)
      .replace(/^parquet /, "")
      .split("\n");
    const codec = /unsupported compression codec/.test(line)
      ? ": in Node hyparquet-compressors unpacks it: npm install hyparquet-compressors"
      : "";
    throw new FormatError(`${path}: ${line.slice(0, 200)}${codec}`);
  }
}

/**
 * What hyparquet is asked and what it asks for. It leaves promises behind that nobody awaits, whose rejection would end the process: so
 * bytes that can't be read fail what was asked, and after a failure it gets no answer.
 */
export function conversation(path: string) {
  let isOver = false;
  let fail = (_: unknown) => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {
    isOver = true;
  });
  return {
    async asked<T>(read: () => Promise<T>): Promise<T> {
      try {
        return await guarded(path, () => Promise.race([read(), failed]));
      } catch (error) {
        isOver = true;
        throw error;
      }
    },
    async answered<T>(read: () => Promise<T>): Promise<T> {
      const answer = await read().catch(fail);
      // in which a failure of what asked is heard
      await turn();
      return isOver ? new Promise<never>(() => {}) : (answer as T);
    },
  };
}
