import { STRICT } from "../generated/strict.ts";
import { nodeBuffer, nodeModule } from "./node.ts";

/** The module that the package carries, strict or with fused multiply-add: inflated from its base64 text. */
export async function inlinedModule(relaxed = false): Promise<Uint8Array<ArrayBuffer>> {
  // few ask for the relaxed one, so it is in a file of its own
  return inflatedText(relaxed ? (await import("../generated/relaxed.ts")).RELAXED : STRICT);
}

/** The module of a base64 text. */
export async function inflatedText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return inflate(fromBase64(text));
}

/** The same; none where nothing inflates it: neither Node's zlib nor the streams of browsers since 2023. */
export async function moduleInside(relaxed: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return zlibOfNode() !== undefined || typeof DecompressionStream === "function" ? inlinedModule(relaxed) : undefined;
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
