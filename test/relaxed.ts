import { setFlagsFromString } from "node:v8";
import { hasRelaxedSimd } from "../src/features.ts";

// Node 20 has relaxed SIMD behind a flag, newer ones without.
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
