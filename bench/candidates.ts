import { createLosses, type LossesOptions } from "wasm-loss";
import { type FloatArray, zeros } from "../test/inputs.ts";
import { llvmCandidates } from "./native/llvm.ts";
import { asManyBytes, type Call, type Inputs, type Operation, type Result } from "./operations/operation.ts";
import { resident, residentInputs } from "./residentInputs.ts";
import type { Input } from "./results.ts";
import * as tuned from "./tuned.ts";

// wasm-loss is this package as it was built, found under its own name. From src/ through tsx a call of 100 elements took
// 2.0 us instead of 0.54: tsx names each inner function anew when it is made.

/** One way of computing a case. */
export interface Candidate {
  readonly name: string;
  readonly input: Input;
  /** This package's, whose results are held to its own tolerance. */
  readonly own: boolean;
  readonly composition?: string;
  /** Whether calls give promises. */
  readonly asynchronous?: boolean;
  /** Computes what the case is compared with, not what it is about. */
  readonly other?: boolean;
  /** What is timed. */
  readonly call: Call | (() => Promise<Result>);
  /** The whole result, where the call leaves some of it in the candidate's memory. */
  readonly result?: Call | (() => Promise<Result>);
}

/** What can run here, and a sentence each on what can't. */
export interface Candidates {
  readonly candidates: Candidate[];
  readonly notes: string[];
}

export const ARENA_SPARE = 1 << 20;

export const bytesOf = ({ values, bits, targets, weight }: Inputs) =>
  [values, bits, targets, weight].reduce((sum, array) => sum + (array?.byteLength ?? 0), 0);

/** As long as what an operation writes. */
export function outOf(operation: Operation, { dtype, values }: Inputs): FloatArray {
  return zeros(dtype, operation.written === asManyBytes ? values.length : 0);
}

/** This package in WebAssembly, strict or relaxed: from its own memory and from ordinary arrays. */
async function ownCandidates(name: string, options: LossesOptions, operation: Operation, inputs: Inputs) {
  const out = outOf(operation, inputs);
  const other = operation.other?.(inputs);
  const bytes = bytesOf(inputs) + (other ? bytesOf(other.inputs) : 0) + out.byteLength;
  // of both calls
  const kept = 2 * (operation.kept?.(inputs) ?? 0);
  const losses = await createLosses({ ...options, backend: "wasm", arenaBytes: bytes + kept + ARENA_SPARE });
  const outInside = resident(losses, out);
  const candidates: Candidate[] = [
    { name, input: "resident", own: true, call: operation.call(losses, residentInputs(losses, inputs), outInside) },
    { name, input: "copied", own: true, call: operation.call(losses, inputs, out) },
  ];
  if (other) {
    const call = other.operation.call(losses, residentInputs(losses, other.inputs), outInside);
    candidates.push({ name: other.name, input: "resident", own: true, other: true, call });
  }
  return { losses, candidates };
}

/** This package in WebAssembly; beside the peers also the relaxed build, where there is one, and LLVM's. */
export async function wasmCandidates(operation: Operation, inputs: Inputs, peers: boolean): Promise<Candidates> {
  const { candidates } = await ownCandidates("wasm", {}, operation, inputs);
  if (peers) {
    const relaxed = await ownCandidates("wasm relaxed", { relaxed: true }, operation, inputs);
    if (relaxed.losses.relaxed) candidates.push(...relaxed.candidates.filter(({ other }) => !other));
    const withMse = operation.other?.(inputs)?.operation.name === "mse";
    candidates.push(...(await llvmCandidates(operation.name, inputs, withMse)));
  }
  return { candidates, notes: [] };
}

/** Strict and relaxed next to each other, as they run in an engine that has both. */
export async function pairCandidates(operation: Operation, inputs: Inputs): Promise<Candidates> {
  const { candidates, notes } = await wasmCandidates(operation, inputs, true);
  return { candidates: candidates.filter(({ input }) => input === "resident"), notes };
}

/** This package's fallback and a loop: the plain one, or beside the peers the good one where there is one. */
export async function javascriptCandidates(operation: Operation, inputs: Inputs, peers: boolean): Promise<Candidates> {
  const out = outOf(operation, inputs);
  const losses = await createLosses({ backend: "js" });
  const good = peers ? tuned.loopOf(operation.name, inputs, out) : undefined;
  const loop = good ? { name: "good loop", call: good } : { name: "plain loop", call: operation.plain(inputs, out) };
  return {
    candidates: [
      { name: "js", input: "ordinary", own: true, call: operation.call(losses, inputs, out) },
      { ...loop, input: "ordinary", own: false },
    ],
    notes: [],
  };
}
