import { STRICT } from "../generated/strict.ts";
import { canInflate, inflatedText, relaxedModule } from "./inflate.ts";

/** The module that the package carries, strict or with fused multiply-add: inflated from its base64 text. */
export async function inlinedModule(relaxed = false): Promise<Uint8Array<ArrayBuffer>> {
  return relaxed ? relaxedModule() : inflatedText(STRICT);
}

/** The same; none where nothing inflates it. */
export async function moduleInside(relaxed: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return canInflate() ? inlinedModule(relaxed) : undefined;
}
