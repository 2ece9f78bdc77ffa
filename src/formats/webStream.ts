import type { Chunks } from "./archive.ts";

/** A web ReadableStream of bytes, for programs without declarations of that. */
export interface ByteStream {
  /** Takes the stream, which must not be taken already. */
  getReader(): {
    /** The next piece. */
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
    /** Lets the stream go. */
    cancel(): Promise<unknown>;
  };
}

/** The pieces of a web stream: not every browser lets one be iterated. */
export function chunksOf(stream: ByteStream): Chunks {
  const reader = stream.getReader();
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value!;
      }
    },
    destroy: () => void reader.cancel().catch(() => {}),
  };
}
