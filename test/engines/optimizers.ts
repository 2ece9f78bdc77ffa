import type { FloatArray, LogitsArray } from "../../src/dtype.ts";
import type { Optimizer } from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { type Dtype, dtypes, integer, type Random, zeros } from "../inputs.ts";
import { type Entry, pick } from "./entry.ts";
import { FORMATS, halfBits, type Input } from "./half.ts";
import { PATTERN, repeated } from "./pattern.ts";
import { Places } from "./places.ts";

type Name = "sgd" | "adam" | "adamW" | "rmsProp";
type Make = (parameters: FloatArray | FloatArray[], options: object) => Optimizer;

/** Options with which each branch of a kernel runs. */
const OPTIONS: Readonly<Record<Name, readonly object[]>> = {
  sgd: [
    { learningRate: 0.1 },
    { learningRate: 0.01, weightDecay: 0.1 },
    { learningRate: 0.01, momentum: 0.9 },
    { learningRate: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  ],
  adam: [{ learningRate: 0.001 }, { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.01 }],
  adamW: [{ learningRate: 0.001 }, { learningRate: 0.1, beta1: 0, epsilon: 0, weightDecay: 0.1 }],
  rmsProp: [{ learningRate: 0.01 }, { learningRate: 0.1, alpha: 0.9, momentum: 0.9, weightDecay: 0.01 }],
};

/** Elements: around vectors, blocks and launches. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 31, 33, 1023, 1024, 1025, 2051, 100_003];
const ODD = [0, -0, 1e-30, 1e-45, 5e-324, 1e18, 3e38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

function numbers(random: Random, dtype: Dtype, n: number): FloatArray {
  const some = zeros(dtype, Math.min(n, PATTERN)).map(() => (6 * random() - 3) * 2 ** (integer(random, 40) - 30));
  return repeated(some as FloatArray, n);
}

/** Gradients, of float32 parameters also in half precision; some are odd. */
function gradientsOf(random: Random, dtype: Dtype, n: number): Input {
  if (dtype === "float32" && n > 0 && random() < 0.3) {
    const format = pick(random, FORMATS);
    return { wrap: format.wrap, bits: repeated(halfBits(random, format, 1, n), n) };
  }
  const gradients = numbers(random, dtype, n);
  if (n > 1000) gradients.set(ODD, integer(random, 900));
  return gradients;
}

function entryOf(name: Name): Entry {
  const makeOf = (losses: Losses) => losses[name] as unknown as Make;
  return {
    name,
    functions: [name],
    run(losses, digest, random) {
      const places = new Places(losses, random);
      for (const dtype of dtypes) {
        for (const n of LENGTHS) {
          for (const options of OPTIONS[name]) {
            // an array of its own, and a list that is restored on the way
            const parameters = places.copy(numbers(random, dtype, n));
            const list = [1, 2].map(() => places.copy(numbers(random, dtype, integer(random, n + 1))));
            const [one, several, other] = [parameters, list, list].map((each) => makeOf(losses)(each, options));
            for (let step = 0; step < 3; step++) {
              const input = places.input(gradientsOf(random, dtype, n)) as LogitsArray;
              one.step(input as never, { learningRate: 0.1 / (step + 1) });
              const gradients = list.map(({ length }) => places.input(gradientsOf(random, dtype, length)));
              (step < 2 ? several : other).step(gradients as never);
              if (step === 1) other.restore(several.state());
            }
            for (const array of [parameters, ...list]) digest.add(array);
            for (const optimizer of [one, other]) digest.add(optimizer.state());
            for (const optimizer of [one, several, other]) optimizer.close();
            places.clear();
          }
        }
      }
    },
  };
}

export const OPTIMIZERS: readonly Entry[] = [
  ...(["sgd", "adam", "adamW", "rmsProp"] as const).map(entryOf),
  {
    name: "clipGradNorm",
    functions: ["clipGradNorm"],
    run(losses, digest, random) {
      const places = new Places(losses, random);
      for (const n of LENGTHS) {
        for (const maxNorm of [0, 1, 1e-30, Number.POSITIVE_INFINITY]) {
          const list = dtypes.map((dtype) => places.copy(numbers(random, dtype, n)));
          if (n > 1000 && random() < 0.5) list[1].set([1e200, 1e-200, -1e-300]);
          digest.add(losses.clipGradNorm(list, maxNorm));
          for (const array of list) digest.add(array);
          for (const odd of ODD) digest.add(losses.clipGradNorm(Float64Array.of(odd, 3), maxNorm));
          places.clear();
        }
      }
    },
  },
];
