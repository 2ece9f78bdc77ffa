// Element-wise losses of elementary functions: stagedLosses.ts has the formula of each as a class L. A block goes in steps: a light
// loop writes the arguments of a function to scratch, unless they are an input, the function writes its values there
// (functions/blocks.ts), and at last the losses and the slopes are put together. So each function is in the module once, and the loops of a loss are short. With all
// functions inlined the module was more than twice as large, and gradients slower.

import { LOSSES } from "../generated/scratchOfElements";
import { BLOCK_ELEMENTS, STAGED_ELEMENTS } from "../generated/thresholds";
import { splat, storePart } from "../lanes";
import { blockSum, copyBlock, firstRefused, report } from "./blocks";
import { isSuspect } from "./checks";

/** As elementwise of template.ts. */
@inline export function staged<L, C, T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  losses: usize,
  grad: usize,
  sums: usize,
  count: i32,
  scale: f64,
  alpha: f64,
  beta: f64,
  scratch: usize,
): void {
  const factor = splat<T>(scale);
  const a = changetype<L>(0).a<T>(alpha, beta);
  const b = changetype<L>(0).b<T>(alpha, beta);
  const c = changetype<L>(0).c<T>(alpha, beta);
  const limit = changetype<C>(0).limit<T>();
  const checks = changetype<C>(0).checks();
  const each = scratch + LOSSES;
  for (let block = begin; block < end; block++) {
    const start = block * BLOCK_ELEMENTS;
    const stop = min(start + BLOCK_ELEMENTS, count);
    let refused = -1;
    let found: f64 = 0;
    for (let first = start; first < stop; first += STAGED_ELEMENTS) {
      const n = min(STAGED_ELEMENTS, stop - first);
      const offset = <usize>first * sizeof<T>();
      const bytes = <usize>n * sizeof<T>();
      const p = predictions + offset;
      const t = targets + offset;
      const l = each + <usize>(first - start) * sizeof<T>();
      changetype<L>(0).stage<T>(p, t, scratch, n, a, b, c, alpha);
      // what lies beyond the last element is read and computed, and counts nowhere
      let suspects = splat<T>(0);
      for (let i: usize = 0; i < bytes; i += 16) {
        if (checks) suspects = v128.or(suspects, changetype<C>(0).suspect<T>(p + i, t + i, limit));
        v128.store(l + i, changetype<L>(0).loss<T>(v128.load(p + i), v128.load(t + i), scratch + i, a, b, c));
      }
      if (checks && refused < 0 && isSuspect<T>(suspects)) {
        refused = firstRefused<C, T>(predictions, targets, first, first + n);
        if (refused >= 0) found = <f64>load<T>(predictions + <usize>refused * sizeof<T>());
      }
      // last: the gradient may overwrite the predictions
      if (!grad) continue;
      const whole = bytes & ~15;
      for (let i: usize = 0; i < bytes; i += 16) {
        const slope = changetype<L>(0).slope<T>(v128.load(p + i), v128.load(t + i), scratch + i, a, b, c);
        const scaled = v128.mul<T>(slope, factor);
        if (i < whole) v128.store(grad + offset + i, scaled);
        else storePart<T>(grad + offset + i, scaled, bytes - whole);
      }
    }
    const offset = <usize>start * sizeof<T>();
    const bytes = <usize>(stop - start) * sizeof<T>();
    if (losses && losses + offset != each) copyBlock<T>(each, bytes, losses + offset);
    if (!sums) continue;
    const known = checks && changetype<C>(0).ofPredictions() && refused >= 0;
    report(checks, sums, block, known ? found : blockSum<T>(each, bytes, scratch), refused);
  }
}
