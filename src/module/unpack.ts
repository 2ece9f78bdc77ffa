import { UNPACK } from "../generated/unpack.ts";

/** Where assembly/unpack takes the streams of a module; it writes the module behind them. */
const PACKED = 65536;

/** The module of an inlined text: base64, deflate, and the streams of scripts/packModule.ts. */
export async function unpack(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const unpacker = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(UNPACK)));
  const { memory, unpack } = unpacker.exports as { memory: WebAssembly.Memory; unpack: () => number };
  const streams = await inflate(fromBase64(text));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(streams, PACKED);
  return bytes.slice(PACKED + streams.length, unpack());
}

// the streams of Node take 40 ms when they are used first, and this takes 3
const zlibOfNode = () => globalThis.process?.getBuiltinModule?.("node:zlib");

/** Whether there is what unpacks: Node's zlib, or the streams of browsers since 2023. */
export function canUnpack(): boolean {
  return zlibOfNode() !== undefined || typeof DecompressionStream === "function";
}

async function inflate(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const zlib = zlibOfNode();
  if (zlib) return zlib.inflateSync(deflated);
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  writer.write(deflated);
  writer.close();
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (globalThis.Buffer) return Buffer.from(text, "base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
