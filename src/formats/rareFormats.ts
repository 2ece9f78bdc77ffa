/** The formats whose code is loaded with the first file of one of them. */
export * as harness from "./harness.ts";
export * as llamaLogits from "./llamaLogits.ts";
export * as csv from "./tables/csv.ts";
export * as parquet from "./tables/parquet.ts";
