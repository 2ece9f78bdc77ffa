// The workload once, in WebAssembly on one thread.
import { runWorkload } from "./workload.ts";

export const line = await runWorkload({ backend: "wasm", threads: 1 });
