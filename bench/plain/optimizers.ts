import type { FloatArray } from "../../test/inputs.ts";

type Options = Readonly<Record<string, number>>;

/** A step of an optimizer, by its kernel's name: the loop that people write. `count.t` steps were made. */
type Step = (
  p: FloatArray,
  g: FloatArray,
  first: FloatArray,
  second: FloatArray,
  options: Options,
  count: { t: number },
) => FloatArray;

export const optimizers: Readonly<Record<string, Step>> = {
  sgd(p, g, velocities, _, { learningRate, momentum }) {
    for (let i = 0; i < p.length; i++) {
      velocities[i] = momentum * velocities[i] + g[i];
      p[i] -= learningRate * velocities[i];
    }
    return p;
  },
  adam(p, g, first, second, { learningRate, beta1, beta2, epsilon, weightDecay }, count) {
    count.t++;
    const [c1, c2] = [1 - beta1 ** count.t, 1 - beta2 ** count.t];
    for (let i = 0; i < p.length; i++) {
      first[i] = beta1 * first[i] + (1 - beta1) * g[i];
      second[i] = beta2 * second[i] + (1 - beta2) * g[i] * g[i];
      p[i] -= learningRate * (first[i] / c1 / (Math.sqrt(second[i] / c2) + epsilon) + weightDecay * p[i]);
    }
    return p;
  },
  rmsProp(p, g, _, second, { learningRate, alpha, epsilon }) {
    for (let i = 0; i < p.length; i++) {
      second[i] = alpha * second[i] + (1 - alpha) * g[i] * g[i];
      p[i] -= (learningRate * g[i]) / (Math.sqrt(second[i]) + epsilon);
    }
    return p;
  },
};

export function norm(g: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < g.length; i++) sum += g[i] * g[i];
  return Math.sqrt(sum);
}
