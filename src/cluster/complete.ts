import { decodeBinary, isBinaryState } from "../evaluate/binary/binaryState.ts";
import { decodeComparison, isComparisonState } from "../evaluate/comparison/comparisonState.ts";
import type { Coverage } from "../evaluate/coverage.ts";
import { decodeRegression, isRegressionState } from "../evaluate/regression.ts";
import { decode } from "../evaluate/state.ts";
import type { RunPlan } from "./plan.ts";

/** So many missing stretches are named. */
const LISTED = 5;

function coverageOf(state: Uint8Array): Coverage {
  const name = "the result";
  if (isBinaryState(state)) return decodeBinary(state, name).coverage;
  if (isComparisonState(state)) return decodeComparison(state, name).coverage;
  return isRegressionState(state) ? decodeRegression(state, name).coverage : decode(state, name).coverage;
}

/** Stretches of rows that a source lacks. */
function missingOf(total: number, rows: readonly (readonly [number, number])[]): [number, number][] {
  const missing: [number, number][] = [];
  let next = 0;
  for (const [first, last] of rows) {
    if (first > next) missing.push([next, first - 1]);
    next = last + 1;
  }
  if (next < total) missing.push([next, total - 1]);
  return missing;
}

/** That a state holds every row of every input of a plan, once. */
export function checkComplete(state: Uint8Array, { inputs }: RunPlan): void {
  const coverage = coverageOf(state) ?? [];
  const missing = inputs.flatMap(({ source, name, rows }) => {
    const found = coverage.find(({ key }) => key === source);
    return missingOf(rows, found?.rows ?? []).map(([first, last]) => `rows ${first}..${last} of ${name}`);
  });
  const known = new Set(inputs.map(({ source }) => source));
  const foreign = coverage.filter(({ key }) => !known.has(key)).map(({ name }) => name);
  if (foreign.length > 0) throw new Error(`the result holds rows of ${foreign[0]}, which is no input of the run`);
  if (missing.length === 0) return;
  const more = missing.length > LISTED ? `, and ${missing.length - LISTED} stretches more` : "";
  throw new Error(`the result lacks ${missing.slice(0, LISTED).join(", ")}${more}`);
}
