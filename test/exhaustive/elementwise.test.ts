import { testFamily } from "../elementwiseFamily.ts";

// Every combination of options at every size, and ten times the random cases; COMBINATIONS=4 takes every fourth of them.

await testFamily(true, Number(process.env.COMBINATIONS ?? 1));
