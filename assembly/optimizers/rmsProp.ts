// RMSProp, with momentum where there are velocities; the two are compiled apart.

import { splat } from "../lanes";
import { endOf, get, put, startOf, TWO_VECTORS, withDecay } from "./elements";

@inline function vector<T>(
  moves: bool,
  decays: bool,
  whole: bool,
  p: usize,
  g: usize,
  s: usize,
  v: usize,
  rate: v128,
  alpha: v128,
  rest: v128,
  epsilon: v128,
  momentum: v128,
  decay: v128,
): void {
  const x = get<T>(whole, p);
  const gradient = withDecay<T>(decays, get<T>(whole, g), x, decay);
  const square = v128.mul<T>(v128.mul<T>(rest, gradient), gradient);
  const second = v128.add<T>(v128.mul<T>(alpha, get<T>(whole, s)), square);
  const root = v128.add<T>(v128.sqrt<T>(second), epsilon);
  put<T>(whole, s, second);
  if (moves) {
    const velocity = v128.add<T>(v128.mul<T>(momentum, get<T>(whole, v)), v128.div<T>(gradient, root));
    put<T>(whole, v, velocity);
    put<T>(whole, p, v128.sub<T>(x, v128.mul<T>(rate, velocity)));
  } else put<T>(whole, p, v128.sub<T>(x, v128.div<T>(v128.mul<T>(rate, gradient), root)));
}

@inline function descend<T>(
  moves: bool,
  decays: bool,
  begin: usize,
  end: usize,
  p: usize,
  g: usize,
  s: usize,
  v: usize,
  learningRate: f64,
  alpha: f64,
  epsilon: f64,
  momentum: f64,
  weightDecay: f64,
): void {
  const a = splat<T>(learningRate);
  const b = splat<T>(alpha);
  const r = splat<T>(1 - alpha);
  const e = splat<T>(epsilon);
  const c = splat<T>(momentum);
  const d = splat<T>(weightDecay);
  let i = begin;
  for (; i + TWO_VECTORS <= end; i += TWO_VECTORS) {
    const j = i + 16;
    vector<T>(moves, decays, true, p + i, g + i, s + i, v + i, a, b, r, e, c, d);
    vector<T>(moves, decays, true, p + j, g + j, s + j, v + j, a, b, r, e, c, d);
  }
  for (; i < end; i += sizeof<T>()) vector<T>(moves, decays, false, p + i, g + i, s + i, v + i, a, b, r, e, c, d);
}

@inline function moving<T>(
  decays: bool,
  from: usize,
  to: usize,
  p: usize,
  g: usize,
  s: usize,
  v: usize,
  rate: f64,
  alpha: f64,
  epsilon: f64,
  momentum: f64,
  weightDecay: f64,
): void {
  if (v) descend<T>(true, decays, from, to, p, g, s, v, rate, alpha, epsilon, momentum, weightDecay);
  else descend<T>(false, decays, from, to, p, g, s, 0, rate, alpha, epsilon, 0, weightDecay);
}

/**
 * g' = g + weightDecay p; s = alpha s + (1 - alpha) g'^2; without velocities p -= learningRate g' / (sqrt(s) + epsilon), else
 * v = momentum v + g' / (sqrt(s) + epsilon) and p -= learningRate v.
 */
export function rmsProp<T>(
  begin: i32,
  end: i32,
  parameters: usize,
  gradients: usize,
  secondMoments: usize,
  velocities: usize,
  count: i32,
  learningRate: f64,
  alpha: f64,
  epsilon: f64,
  momentum: f64,
  weightDecay: f64,
): void {
  const from = startOf<T>(begin);
  const to = endOf<T>(end, count);
  const p = parameters;
  const s = secondMoments;
  const v = velocities;
  if (weightDecay == 0) moving<T>(false, from, to, p, gradients, s, v, learningRate, alpha, epsilon, momentum, 0);
  else moving<T>(true, from, to, p, gradients, s, v, learningRate, alpha, epsilon, momentum, weightDecay);
}
