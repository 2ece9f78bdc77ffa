import type { Candidates } from "../candidates.ts";
import type { Inputs } from "../operations/operation.ts";
import { reasonOf } from "./install.ts";
import { onnxruntimeNode, onnxruntimeWeb } from "./onnxruntime.ts";
import type { PeerDescription } from "./peer.ts";
import { tfjs } from "./tfjs.ts";

export const peers: readonly PeerDescription[] = [tfjs, onnxruntimeWeb, onnxruntimeNode];

/** Every way that a peer has of computing an operation; a peer that can't be loaded here is named with the reason. */
export async function peerCandidates(operation: string, inputs: Inputs): Promise<Candidates> {
  const field: Candidates = { candidates: [], notes: [] };
  for (const description of peers) {
    try {
      const peer = await description.load();
      field.candidates.push(...(await peer.candidates(operation, inputs)));
    } catch (error) {
      field.notes.push(`${description.name} does not run here: ${reasonOf(error)}`);
    }
  }
  return field;
}
