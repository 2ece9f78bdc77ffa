import { STRICT } from "../generated/strict.ts";
import { canUnpack, unpack } from "./unpack.ts";

/** The module that the package carries, strict or with fused multiply-add. */
export async function inlinedModule(relaxed = false): Promise<Uint8Array<ArrayBuffer>> {
  // few ask for the relaxed one, so it is in a file of its own
  return unpack(relaxed ? (await import("../generated/relaxed.ts")).RELAXED : STRICT);
}

/** The same; none where nothing unpacks it. */
export async function moduleInside(relaxed: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return canUnpack() ? inlinedModule(relaxed) : undefined;
}
