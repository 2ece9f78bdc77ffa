import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { mulberry32 } from "../test/inputs.ts";
import type { Case } from "./cases.ts";
import type { Piece } from "./check.ts";
import type { Inputs } from "./operations/operation.ts";
import type { CaseResult } from "./results.ts";

const SEED = 20260801;

/** What a case is made of: made once, and read by each of its processes. */
export interface Material {
  readonly inputs: Inputs;
  /** The oracle's. */
  readonly wanted: readonly Piece[];
  /** That of the operation it is compared with. */
  readonly otherWanted: readonly Piece[] | undefined;
}

/** What there is to say of a case before it runs. */
export type Facts = Omit<CaseResult, "outcomes">;

const float64 = (pieces: readonly Piece[]) =>
  pieces.map(({ values, scale }) => ({
    values: Float64Array.from(values),
    ...(scale && { scale: Float64Array.from(scale) }),
  }));

function factsOf({ id, operation, dtype, shape }: Case, inputs: Inputs): Facts {
  const { values, bits, targets, weight } = inputs;
  const elements = operation.read?.(inputs) ?? values.length;
  const ofValues = elements * (bits ?? values).BYTES_PER_ELEMENT;
  const read = ofValues + (targets?.byteLength ?? 0) + (weight?.byteLength ?? 0);
  const bytes = read + (operation.written?.(inputs) ?? 0);
  return { id, operation: operation.name, dtype, shape: shape.name, elements, bytes };
}

/** A folder of a case's own, with its material in a file, and its arrays in files of nothing else. */
export class Folder {
  readonly path = mkdtempSync(join(os.tmpdir(), "wasm-loss-bench-"));
  readonly facts: Facts;
  readonly material: Material;

  constructor(chosen: Case) {
    const { operation, dtype, shape } = chosen;
    const inputs = operation.inputs(mulberry32(SEED), dtype, shape);
    const other = operation.other?.(inputs);
    this.material = {
      inputs,
      wanted: float64(operation.wanted(inputs)),
      otherWanted: other && float64(other.operation.wanted(other.inputs)),
    };
    this.facts = factsOf(chosen, inputs);
    writeFileSync(join(this.path, "material"), serialize(this.material));
    writeFileSync(join(this.path, "values"), inputs.values);
    if (inputs.targets) writeFileSync(join(this.path, "targets"), inputs.targets);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function readMaterial(folder: string): Material {
  const { inputs, ...rest } = deserialize(readFileSync(join(folder, "material"))) as Material;
  // read arrays are views of the whole file, wherever they stand in it: copies start where arrays do
  const copy = <A extends { slice(): unknown } | null | undefined>(array: A) => (array ? array.slice() : array) as A;
  const { values, bits, targets, weight } = inputs;
  return {
    ...rest,
    inputs: { ...inputs, values: copy(values), bits: copy(bits), targets: copy(targets), weight: copy(weight) },
  };
}
