import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { hasRelaxedSimd } from "../../src/module/features.ts";

const binary = fileURLToPath(new URL("node_modules/newer-node/bin/node", import.meta.url));

/** A Node.js with relaxed SIMD. */
export interface Engine {
  readonly command: string;
  /** "Node.js 24.21.0" */
  readonly name: string;
}

/** One that is newer than this one, where this one has no relaxed SIMD; or a sentence on why not. */
export function newerEngine(): { engine?: Engine; note?: string } {
  if (hasRelaxedSimd()) return {};
  const { status, stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  if (status === 0) return { engine: { command: binary, name: `Node.js ${stdout.trim().slice(1)}` } };
  return {
    note: "wasm relaxed does not run here: this Node.js has no relaxed SIMD, and a newer one comes for linux x64 only.",
  };
}
