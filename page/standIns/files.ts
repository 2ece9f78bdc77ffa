import { host } from "./host.ts";

export type Output = readonly [path: string, data: string | Uint8Array];
export type Named = readonly [name: string, path: string];

/** There is nothing that an output could overwrite. */
export function checkOutputs(): void {}

export async function writeOutputs(outputs: readonly Output[], _text: string): Promise<void> {
  for (const [path, data] of outputs) host.outputs.set(path, data);
}
