import { attempt, createProject, type Setting, type Tell } from "./project.ts";

/** A test of the runner `library`, with whatever else tests find in their environment. */
const testOf = (library: string) => `
import { availableParallelism } from "node:os";
import { deserialize, serialize } from "node:v8";
import { expect, test } from "${library}";
import { createLosses } from "wasm-loss";
import { faultsOf } from "./program.mjs";
import wanted from "./wanted.mjs";

test("it computes what is right, on any threads", async () => {
  expect(await faultsOf(createLosses, wanted, availableParallelism())).toEqual([]);
});

const copies = {
  structuredClone: globalThis.structuredClone,
  "v8.deserialize": (x) => deserialize(serialize(x)),
};

// jsdom has no structuredClone
for (const [name, copy] of Object.entries(copies).filter(([_, copy]) => copy !== undefined)) {
  test(\`arrays of \${name}\`, async () => {
    for (const backend of ["js", "wasm"]) {
      const losses = await createLosses({ backend });
      expect(losses.logSumExp(copy(new Float32Array(2)), { classes: 2 })[0]).toBe(Math.LN2);
      const out = copy(new Float64Array(4));
      for (const labels of [Int32Array.of(0, 1), Uint8ClampedArray.of(0, 1), BigInt64Array.of(0n, 1n), [0, 1]]) {
        const { loss, grad } = losses.crossEntropyWithGrad(copy(new Float64Array(4)), copy(labels), { classes: 2, out });
        expect(loss).toBe(Math.LN2);
        expect(grad).toBe(out);
        expect([...out]).toEqual([-0.25, 0.25, 0.25, -0.25]);
      }
      losses.close();
    }
  });
}
`;

const ENVIRONMENTS = ["node", "jsdom"];

/** Jest and Vitest, in the environment of Node and in that of jsdom. */
export async function inRunners(setting: Setting, tell: Tell): Promise<void> {
  const jest = await createProject(setting, "jest", ["jest@30", "jest-environment-jsdom@30", "@jest/globals@30"], {
    "losses.test.js": testOf("@jest/globals"),
  });
  for (const environment of ENVIRONMENTS) {
    await attempt(tell, `Jest, ${environment}`, async () => {
      const flags = { NODE_OPTIONS: "--experimental-vm-modules" };
      await jest.run(jest.bin("jest"), ["--env", environment, "--ci", "--testTimeout=60000"], flags);
      return [];
    });
  }
  const vitest = await createProject(setting, "vitest", ["vitest@4.1.12", "jsdom@28", "happy-dom@20"], {
    "losses.test.js": testOf("vitest"),
  });
  for (const environment of [...ENVIRONMENTS, "happy-dom"]) {
    await attempt(tell, `Vitest, ${environment}`, async () => {
      await vitest.run(vitest.bin("vitest"), ["run", "--environment", environment, "--testTimeout=60000"]);
      return [];
    });
  }
}
