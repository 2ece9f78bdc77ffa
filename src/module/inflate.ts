import { nodeBuffer, nodeModule } from "./node.ts";

/** Whether something inflates: Node's zlib, or the streams of browsers since 2023. */
export function canInflate(): boolean {
  return zlibOfNode() !== undefined || typeof DecompressionStream === "function";
}

/** The module of a base64 text. */
export async function inflatedText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return inflate(fromBase64(text));
}

/** The relaxed module. Few ask for it, so it is in a file of its own. */
export async function relaxedModule(): Promise<Uint8Array<ArrayBuffer>> {
  return inflatedText((await import("../generated/relaxed.ts")).RELAXED);
}

// the streams of Node take 40 ms when they are used first, and this takes 3
const zlibOfNode = () => nodeModule("node:zlib");

async function inflate(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const zlib = zlibOfNode();
  if (zlib) return zlib.inflateSync(deflated);
  const inflated = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const buffer = nodeBuffer();
  if (buffer) return buffer.from(text, "base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
