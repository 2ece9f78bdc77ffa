// Gradient descent, with momentum where there are velocities. The modes are compiled apart.

import { splat } from "../lanes";
import { endOf, get, put, startOf, TWO_VECTORS, withDecay } from "./elements";

const PLAIN = 0;
const MOMENTUM = 1;
const NESTEROV = 2;

@inline function vector<T>(
  mode: i32,
  decays: bool,
  whole: bool,
  p: usize,
  g: usize,
  v: usize,
  rate: v128,
  momentum: v128,
  decay: v128,
): void {
  const x = get<T>(whole, p);
  const gradient = withDecay<T>(decays, get<T>(whole, g), x, decay);
  let direction = gradient;
  if (mode != PLAIN) {
    direction = v128.add<T>(v128.mul<T>(momentum, get<T>(whole, v)), gradient);
    put<T>(whole, v, direction);
  }
  if (mode == NESTEROV) direction = v128.add<T>(gradient, v128.mul<T>(momentum, direction));
  put<T>(whole, p, v128.sub<T>(x, v128.mul<T>(rate, direction)));
}

@inline function descend<T>(
  mode: i32,
  decays: bool,
  begin: usize,
  end: usize,
  p: usize,
  g: usize,
  v: usize,
  learningRate: f64,
  velocityShare: f64,
  weightDecay: f64,
): void {
  const rate = splat<T>(learningRate);
  const momentum = splat<T>(velocityShare);
  const decay = splat<T>(weightDecay);
  let i = begin;
  for (; i + TWO_VECTORS <= end; i += TWO_VECTORS) {
    vector<T>(mode, decays, true, p + i, g + i, v + i, rate, momentum, decay);
    vector<T>(mode, decays, true, p + i + 16, g + i + 16, v + i + 16, rate, momentum, decay);
  }
  for (; i < end; i += sizeof<T>()) vector<T>(mode, decays, false, p + i, g + i, v + i, rate, momentum, decay);
}

@inline function moded<T>(
  decays: bool,
  from: usize,
  to: usize,
  p: usize,
  g: usize,
  v: usize,
  rate: f64,
  momentum: f64,
  nesterov: i32,
  weightDecay: f64,
): void {
  if (!v) descend<T>(PLAIN, decays, from, to, p, g, 0, rate, 0, weightDecay);
  else if (nesterov) descend<T>(NESTEROV, decays, from, to, p, g, v, rate, momentum, weightDecay);
  else descend<T>(MOMENTUM, decays, from, to, p, g, v, rate, momentum, weightDecay);
}

/** g' = g + weightDecay p; v = momentum v + g'; p -= learningRate v, or nesterov: learningRate (g' + momentum v). */
export function sgd<T>(
  begin: i32,
  end: i32,
  parameters: usize,
  gradients: usize,
  velocities: usize,
  count: i32,
  learningRate: f64,
  momentum: f64,
  nesterov: i32,
  weightDecay: f64,
): void {
  const from = startOf<T>(begin);
  const to = endOf<T>(end, count);
  if (weightDecay == 0) {
    moded<T>(false, from, to, parameters, gradients, velocities, learningRate, momentum, nesterov, 0);
  } else moded<T>(true, from, to, parameters, gradients, velocities, learningRate, momentum, nesterov, weightDecay);
}
