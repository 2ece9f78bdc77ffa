import { createLosses, type Losses, type LossesOptions } from "wasm-loss";
import { type FloatArray, zeros } from "../test/inputs.ts";
import { asManyBytes, type Call, type Inputs, type Operation, type Result } from "./operations/operation.ts";
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
  /** What is timed. */
  readonly call: Call | (() => Promise<Result>);
  /** The whole result, where the call leaves some of it in the candidate's memory. */
  readonly result?: Call | (() => Promise<Result>);
}

/** What can run here, and a sentence each on what can't. */
export interface Field {
  readonly candidates: Candidate[];
  readonly notes: string[];
}

const ARENA_SPARE = 1 << 20;

/** An array in the engine's memory, with the same values. */
function resident<A extends FloatArray | Int32Array>(losses: Losses, values: A): A {
  const view = losses.alloc(values.constructor as Float32ArrayConstructor, values.length) as A;
  view.set(values);
  return view;
}

function residentInputs(losses: Losses, inputs: Inputs): Inputs {
  const place = <A extends FloatArray | Int32Array>(values: A | null) => values && resident(losses, values);
  return {
    ...inputs,
    values: resident(losses, inputs.values),
    targets: place(inputs.targets),
    weight: place(inputs.weight),
  };
}

/** This package in WebAssembly, strict or relaxed: from its own memory and from ordinary arrays. */
async function wasmCandidates(
  name: string,
  options: LossesOptions,
  operation: Operation,
  inputs: Inputs,
  out: FloatArray,
) {
  const bytes = [inputs.values, inputs.targets, inputs.weight, out].reduce((sum, a) => sum + (a?.byteLength ?? 0), 0);
  const losses = await createLosses({ ...options, backend: "wasm", arenaBytes: bytes + ARENA_SPARE });
  const outInside = losses.alloc(out.constructor as Float32ArrayConstructor, out.length);
  const candidates: Candidate[] = [
    { name, input: "resident", own: true, call: operation.call(losses, residentInputs(losses, inputs), outInside) },
    { name, input: "copied", own: true, call: operation.call(losses, inputs, out) },
  ];
  return { losses, candidates };
}

/** This package and the plain loop; beside the peers also the relaxed build and the good loop. */
export async function ownCandidates(operation: Operation, inputs: Inputs, peers: boolean): Promise<Field> {
  const out = zeros(inputs.dtype, operation.written === asManyBytes ? inputs.values.length : 0);
  const notes: string[] = [];
  const candidates: Candidate[] = [];

  candidates.push(...(await wasmCandidates("wasm", {}, operation, inputs, out)).candidates);
  if (peers) {
    const relaxed = await wasmCandidates("wasm relaxed", { relaxed: true }, operation, inputs, out);
    if (relaxed.losses.relaxed) candidates.push(...relaxed.candidates);
    else notes.push(...relaxed.losses.notes);
  }
  const js = await createLosses({ backend: "js" });
  candidates.push({ name: "js", input: "ordinary", own: true, call: operation.call(js, inputs, out) });

  const loop = operation.plain(inputs, out);
  candidates.push({ name: "plain loop", input: "ordinary", own: false, call: loop });
  const good = peers ? tuned.loopOf(operation.name, inputs, out) : undefined;
  if (good) candidates.push({ name: "good loop", input: "ordinary", own: false, call: good });
  return { candidates, notes };
}
