import type { Candidate } from "../candidates.ts";
import type { Inputs } from "../operations/operation.ts";

/** Another library, loaded. */
export interface Peer {
  /** Its ways of computing an operation; of several with the same name and input the fastest counts. */
  candidates(operation: string, inputs: Inputs): Promise<Candidate[]>;
}

/** Another library. Only the functions used are typed: the packages are not there until they are asked for. */
export interface PeerDescription {
  readonly name: string;
  /** The npm package that its version is that of. */
  readonly package: string;
  load(): Promise<Peer>;
}
