import { BUILDS } from "../generated/builds.ts";
import { nodeModule } from "./node.ts";

/** Bytes of a build's digest, with which its file ends. */
const DIGEST_BYTES = 8;

/**
 * The module of the package as a file in the folder of `base`: with it the first createLosses() takes 5 to 9 ms, with the inlined
 * one 11 to 16. That one is taken outside Node, and where the file is not there (in a bundled program) or of another build.
 */
export async function moduleBeside(
  base: string | undefined,
  relaxed: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // its text is not loaded where the file is there
  return fileBeside(base, relaxed ? "relaxed" : "strict") ?? (await import("./inlined.ts")).moduleInside(relaxed);
}

function fileBeside(base: string | undefined, name: "strict" | "relaxed"): Uint8Array<ArrayBuffer> | undefined {
  const fs = nodeModule("node:fs");
  // Deno would ask its user first
  if (!fs || !base?.startsWith("file:") || "Deno" in globalThis) return undefined;
  try {
    const bytes = fs.readFileSync(new URL(`${name}.wasm`, base));
    return bytes.toString("hex", bytes.length - DIGEST_BYTES) === BUILDS[name] ? bytes : undefined;
  } catch {
    return undefined;
  }
}
