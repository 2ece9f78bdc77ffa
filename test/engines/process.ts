// The workload in Node, Bun and Deno: prints its lines.
import { digests } from "./workload.ts";

console.log(JSON.stringify(await digests()));
