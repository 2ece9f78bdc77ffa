import type { Format } from "./format.ts";
import { harness } from "./harness.ts";
import { llamaLogits } from "./llamaLogits.ts";
import { npy } from "./npyTensor.ts";
import { npz } from "./npz.ts";
import { safetensors } from "./safetensors.ts";
import { csv } from "./tables/csv.ts";
import { parquet } from "./tables/parquet.ts";

/** The formats that are read, in the order in which the first bytes are looked at; raw binary is none of them. */
export const FORMATS: readonly Format[] = [npz, safetensors, npy, llamaLogits, parquet, harness, csv];
