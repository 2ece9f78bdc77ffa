import { LOSSES } from "../generated/losses.ts";
import { canInflate, inflatedText, relaxedModule } from "./inflate.ts";

/** The module without kernels of evaluations; the relaxed one has them; none where nothing inflates it. */
export async function lossesInside(relaxed: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!canInflate()) return undefined;
  return relaxed ? relaxedModule() : inflatedText(LOSSES);
}
