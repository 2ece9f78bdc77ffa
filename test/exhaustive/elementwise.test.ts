import { testFamily } from "../elementwiseFamily.ts";

// Every combination of options at every size, and ten times the random cases.

await testFamily(true);
