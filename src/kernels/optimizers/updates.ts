import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";

// The loops of the optimizers in float32, with the operations of assembly/optimizers/. The build copies what follows into
// src/generated/updates.ts for each dtype: one loop for both takes twice as long.

const round = Math.fround;

/** g + decay x; g where there is no decay, even of an infinite x. */
const withDecay = (g: number, x: number, decay: number) => round(g + (decay === 0 ? 0 : round(round(decay) * x)));

export function sgd(
  begin: number,
  end: number,
  parameters: Float32Array,
  gradients: Float32Array,
  velocities: Float32Array | null,
  count: number,
  learningRate: number,
  momentum: number,
  nesterov: number,
  weightDecay: number,
): void {
  const rate = round(learningRate);
  const share = round(momentum);
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let i = begin * BLOCK_ELEMENTS; i < stop; i++) {
    const x = parameters[i];
    const gradient = withDecay(gradients[i], x, weightDecay);
    let direction = gradient;
    if (velocities !== null) {
      direction = round(round(share * velocities[i]) + gradient);
      velocities[i] = direction;
      if (nesterov !== 0) direction = round(gradient + round(share * direction));
    }
    parameters[i] = round(x - round(rate * direction));
  }
}

export function adam(
  begin: number,
  end: number,
  parameters: Float32Array,
  gradients: Float32Array,
  firstMoments: Float32Array,
  secondMoments: Float32Array,
  count: number,
  rate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  weightDecay: number,
  shrink: number,
): void {
  const a = round(rate);
  const b1 = round(beta1);
  const r1 = round(1 - beta1);
  const b2 = round(beta2);
  const r2 = round(1 - beta2);
  const e = round(epsilon);
  const s = round(shrink);
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let i = begin * BLOCK_ELEMENTS; i < stop; i++) {
    const x = parameters[i];
    const gradient = withDecay(gradients[i], x, weightDecay);
    const first = round(round(b1 * firstMoments[i]) + round(r1 * gradient));
    const second = round(round(b2 * secondMoments[i]) + round(round(r2 * gradient) * gradient));
    const step = round(round(a * first) / round(round(Math.sqrt(second)) + e));
    firstMoments[i] = first;
    secondMoments[i] = second;
    parameters[i] = round(round(s * x) - step);
  }
}

export function rmsProp(
  begin: number,
  end: number,
  parameters: Float32Array,
  gradients: Float32Array,
  secondMoments: Float32Array,
  velocities: Float32Array | null,
  count: number,
  learningRate: number,
  alpha: number,
  epsilon: number,
  momentum: number,
  weightDecay: number,
): void {
  const rate = round(learningRate);
  const a = round(alpha);
  const r = round(1 - alpha);
  const e = round(epsilon);
  const share = round(momentum);
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let i = begin * BLOCK_ELEMENTS; i < stop; i++) {
    const x = parameters[i];
    const gradient = withDecay(gradients[i], x, weightDecay);
    const second = round(round(a * secondMoments[i]) + round(round(r * gradient) * gradient));
    const root = round(round(Math.sqrt(second)) + e);
    secondMoments[i] = second;
    if (velocities !== null) {
      const velocity = round(round(share * velocities[i]) + round(gradient / root));
      velocities[i] = velocity;
      parameters[i] = round(x - round(rate * velocity));
    } else parameters[i] = round(x - round(round(rate * gradient) / root));
  }
}

export function rescale(
  begin: number,
  end: number,
  values: Float32Array,
  count: number,
  powerOfTwo: number,
  factor: number,
): void {
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let i = begin * BLOCK_ELEMENTS; i < stop; i++) values[i] = round(values[i] * powerOfTwo * factor);
}
