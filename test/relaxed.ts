import { hasRelaxedSimd } from "../src/module/features.ts";

// Node 20 has relaxed SIMD behind a flag, newer ones without. Looked up, not imported: these suites run in browsers too.
if (!hasRelaxedSimd() && typeof process === "object") {
  process.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
}
