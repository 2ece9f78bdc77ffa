import { RowComparer } from "../../src/evaluate/comparison/comparer.ts";
import { useComparer } from "./comparer.ts";

export const loadComparer = (): void => useComparer(RowComparer);
