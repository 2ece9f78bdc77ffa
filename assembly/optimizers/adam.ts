// Adam and AdamW: the one takes weight decay into the gradient, the other shrinks the parameters.

import { splat } from "../lanes";
import { endOf, get, put, startOf, TWO_VECTORS, withDecay } from "./elements";

@inline function vector<T>(
  decays: bool,
  whole: bool,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  rate: v128,
  beta1: v128,
  rest1: v128,
  beta2: v128,
  rest2: v128,
  epsilon: v128,
  decay: v128,
  shrink: v128,
): void {
  const x = get<T>(whole, p);
  const gradient = withDecay<T>(decays, get<T>(whole, g), x, decay);
  const first = v128.add<T>(v128.mul<T>(beta1, get<T>(whole, m)), v128.mul<T>(rest1, gradient));
  const square = v128.mul<T>(v128.mul<T>(rest2, gradient), gradient);
  const second = v128.add<T>(v128.mul<T>(beta2, get<T>(whole, v)), square);
  const step = v128.div<T>(v128.mul<T>(rate, first), v128.add<T>(v128.sqrt<T>(second), epsilon));
  put<T>(whole, m, first);
  put<T>(whole, v, second);
  put<T>(whole, p, v128.sub<T>(v128.mul<T>(shrink, x), step));
}

@inline function update<T>(
  decays: bool,
  begin: usize,
  end: usize,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  shrink: f64,
): void {
  const a = splat<T>(rate);
  const b1 = splat<T>(beta1);
  const r1 = splat<T>(1 - beta1);
  const b2 = splat<T>(beta2);
  const r2 = splat<T>(1 - beta2);
  const e = splat<T>(epsilon);
  const d = splat<T>(weightDecay);
  const s = splat<T>(shrink);
  let i = begin;
  for (; i + TWO_VECTORS <= end; i += TWO_VECTORS) {
    const j = i + 16;
    vector<T>(decays, true, p + i, g + i, m + i, v + i, a, b1, r1, b2, r2, e, d, s);
    vector<T>(decays, true, p + j, g + j, m + j, v + j, a, b1, r1, b2, r2, e, d, s);
  }
  for (; i < end; i += sizeof<T>()) {
    vector<T>(decays, false, p + i, g + i, m + i, v + i, a, b1, r1, b2, r2, e, d, s);
  }
}

/**
 * g' = g + weightDecay p; m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2;
 * p = shrink p - rate m / (sqrt(v) + epsilon).
 */
export function adam<T>(
  begin: i32,
  end: i32,
  parameters: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  count: i32,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  shrink: f64,
): void {
  const from = startOf<T>(begin);
  const to = endOf<T>(end, count);
  const p = parameters;
  const g = gradients;
  const m = firstMoments;
  const v = secondMoments;
  if (weightDecay == 0) update<T>(false, from, to, p, g, m, v, rate, beta1, beta2, epsilon, 0, shrink);
  else update<T>(true, from, to, p, g, m, v, rate, beta1, beta2, epsilon, weightDecay, shrink);
}
