/**
 * Fits lines to the 10%, 50% and 90% quantiles of points that scatter more to the right: `npx tsx examples/quantiles.ts`, after
 * `npm run build`. It comes out the same on every machine.
 */
import { plot } from "asciichart";
import { createLosses } from "wasm-loss";

const points = 4000;
const epochs = 600;
const quantiles = [0.1, 0.5, 0.9];

// y = 1 + 2 x + (0.2 + x) noise, x from 0 to 1, noise normal
const random = mulberry32(1);
const x = new Float32Array(points).map(random);
const y = x.map((x) => 1 + 2 * x + (0.2 + x) * normal());

const losses = await createLosses();
const predictions = losses.alloc(Float32Array, points);
const lines = quantiles.map(fit);
losses.close();

console.log("quantile    line               points below it");
let failed = false;
lines.forEach(([intercept, slope], i) => {
  const below = y.reduce((sum, y, k) => sum + (y < intercept + slope * x[k] ? 1 : 0), 0) / points;
  console.log(
    `${quantiles[i].toFixed(2).padEnd(12)}${intercept.toFixed(3)} + ${slope.toFixed(3)} x    ${below.toFixed(4)}`,
  );
  failed ||= Math.abs(below - quantiles[i]) > 0.02;
});
console.log(
  `\n${plot(
    lines.map(([a, b]) => Array.from({ length: 60 }, (_, i) => a + (b * i) / 59)),
    { height: 12 },
  )}`,
);
if (failed) {
  console.error("quantiles: as many points must lie below each line as its quantile says, within 0.02");
  process.exitCode = 1;
}

/** Intercept and slope of a quantile's line. */
function fit(quantile: number): Float32Array {
  const line = new Float32Array(2);
  const gradient = new Float32Array(2);
  const optimizer = losses.adam(line, { learningRate: 0.05 });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 0; i < points; i++) predictions[i] = line[0] + line[1] * x[i];
    const { grad } = losses.quantileWithGrad(predictions, y, { quantile, out: predictions });
    gradient.fill(0);
    for (let i = 0; i < points; i++) {
      gradient[0] += grad[i];
      gradient[1] += grad[i] * x[i];
    }
    // smaller steps at the end
    optimizer.step(gradient, { learningRate: 0.05 * (1 - epoch / epochs) });
  }
  optimizer.close();
  return line;
}

/** Values in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Roughly normal, the sum of twelve uniform values. */
function normal(): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}
