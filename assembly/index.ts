// The ABI at a glance: kernel(begin, end, ...parameters), all numbers, one line a kernel and dtype. A unit is a row or a
// block of 1024 elements; pointers are those of unit 0.

import * as ce from "./crossEntropy/crossEntropy";
import * as elementary from "./functions/functionKernels";
import * as evaluation from "./evaluation/rowRecord";
import * as ll from "./likelihood/likelihood";
import * as regressions from "./evaluation/regression";
import * as se from "./squaredError";
import * as sm from "./rows/softmax";
import * as targets from "./crossEntropy/labels";

export { addExactly, extractSums } from "./sums/exactSum";
export { tally } from "./evaluation/tally";
export { checkLabels } from "./crossEntropy/labels";
export { widenBfloat16, widenFloat16 } from "./widen";

export function squaredError_f32(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  count: i32,
  scratch: usize,
): void {
  se.squaredError<f32>(begin, end, predictions, targets, sums, count, scratch);
}
export function squaredError_f64(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  count: i32,
  scratch: usize,
): void {
  se.squaredError<f64>(begin, end, predictions, targets, sums, count, scratch);
}

export function squaredErrorGradient_f32(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  grad: usize,
  sums: usize,
  count: i32,
  scale: f64,
  scratch: usize,
): void {
  se.squaredErrorGradient<f32>(begin, end, predictions, targets, grad, sums, count, scale, scratch);
}
export function squaredErrorGradient_f64(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  grad: usize,
  sums: usize,
  count: i32,
  scale: f64,
  scratch: usize,
): void {
  se.squaredErrorGradient<f64>(begin, end, predictions, targets, grad, sums, count, scale, scratch);
}

export function squaredErrors_f32(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  out: usize,
  count: i32,
): void {
  se.squaredErrors<f32>(begin, end, predictions, targets, out, count);
}
export function squaredErrors_f64(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  out: usize,
  count: i32,
): void {
  se.squaredErrors<f64>(begin, end, predictions, targets, out, count);
}

export function softmax_f32(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.softmax<f32>(begin, end, logits, out, classes, scratch);
}
export function softmax_f64(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.softmax<f64>(begin, end, logits, out, classes, scratch);
}

export function logSoftmax_f32(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.logSoftmax<f32>(begin, end, logits, out, classes, scratch);
}
export function logSoftmax_f64(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.logSoftmax<f64>(begin, end, logits, out, classes, scratch);
}

export function logSumExp_f32(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.logSumExp<f32>(begin, end, logits, out, classes, scratch);
}
export function logSumExp_f64(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  sm.logSumExp<f64>(begin, end, logits, out, classes, scratch);
}

export function crossEntropy_f32(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scratch: usize,
): void {
  ce.crossEntropy<f32>(
    begin,
    end,
    logits,
    labels,
    weights,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    weightSum,
    scratch,
  );
}
export function crossEntropy_f64(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scratch: usize,
): void {
  ce.crossEntropy<f64>(
    begin,
    end,
    logits,
    labels,
    weights,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    weightSum,
    scratch,
  );
}

export function crossEntropyGradient_f32(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scale: f64,
  scratch: usize,
): void {
  ce.crossEntropyGradient<f32>(
    begin,
    end,
    logits,
    labels,
    weights,
    grad,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    weightSum,
    scale,
    scratch,
  );
}
export function crossEntropyGradient_f64(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scale: f64,
  scratch: usize,
): void {
  ce.crossEntropyGradient<f64>(
    begin,
    end,
    logits,
    labels,
    weights,
    grad,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    weightSum,
    scale,
    scratch,
  );
}

export function crossEntropyProbabilities_f32(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scratch: usize,
): void {
  ce.crossEntropyProbabilities<f32>(begin, end, logits, targets, weights, losses, classes, labelSmoothing, scratch);
}
export function crossEntropyProbabilities_f64(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scratch: usize,
): void {
  ce.crossEntropyProbabilities<f64>(begin, end, logits, targets, weights, losses, classes, labelSmoothing, scratch);
}

export function crossEntropyProbabilitiesGradient_f32(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scale: f64,
  scratch: usize,
): void {
  ce.crossEntropyProbabilitiesGradient<f32>(
    begin,
    end,
    logits,
    targets,
    weights,
    grad,
    losses,
    classes,
    labelSmoothing,
    scale,
    scratch,
  );
}
export function crossEntropyProbabilitiesGradient_f64(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scale: f64,
  scratch: usize,
): void {
  ce.crossEntropyProbabilitiesGradient<f64>(
    begin,
    end,
    logits,
    targets,
    weights,
    grad,
    losses,
    classes,
    labelSmoothing,
    scale,
    scratch,
  );
}

export function likelihood_f32(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scratch: usize,
): void {
  ll.likelihood<f32>(
    begin,
    end,
    input,
    labels,
    weights,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    logarithms,
    scratch,
  );
}
export function likelihood_f64(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scratch: usize,
): void {
  ll.likelihood<f64>(
    begin,
    end,
    input,
    labels,
    weights,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    logarithms,
    scratch,
  );
}

export function likelihoodGradient_f32(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  ll.likelihoodGradient<f32>(
    begin,
    end,
    input,
    labels,
    weights,
    grad,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    logarithms,
    scale,
    scratch,
  );
}
export function likelihoodGradient_f64(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  ll.likelihoodGradient<f64>(
    begin,
    end,
    input,
    labels,
    weights,
    grad,
    losses,
    classes,
    ignoreIndex,
    labelSmoothing,
    logarithms,
    scale,
    scratch,
  );
}

export function likelihoodProbabilities_f32(
  begin: i32,
  end: i32,
  input: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scratch: usize,
): void {
  ll.likelihoodProbabilities<f32>(
    begin,
    end,
    input,
    targets,
    weights,
    losses,
    classes,
    labelSmoothing,
    logarithms,
    scratch,
  );
}
export function likelihoodProbabilities_f64(
  begin: i32,
  end: i32,
  input: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scratch: usize,
): void {
  ll.likelihoodProbabilities<f64>(
    begin,
    end,
    input,
    targets,
    weights,
    losses,
    classes,
    labelSmoothing,
    logarithms,
    scratch,
  );
}

export function likelihoodProbabilitiesGradient_f32(
  begin: i32,
  end: i32,
  input: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  ll.likelihoodProbabilitiesGradient<f32>(
    begin,
    end,
    input,
    targets,
    weights,
    grad,
    losses,
    classes,
    labelSmoothing,
    logarithms,
    scale,
    scratch,
  );
}
export function likelihoodProbabilitiesGradient_f64(
  begin: i32,
  end: i32,
  input: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  ll.likelihoodProbabilitiesGradient<f64>(
    begin,
    end,
    input,
    targets,
    weights,
    grad,
    losses,
    classes,
    labelSmoothing,
    logarithms,
    scale,
    scratch,
  );
}

export function labelWeights_f32(
  begin: i32,
  end: i32,
  labels: usize,
  weights: usize,
  out: usize,
  ignoreIndex: i32,
): void {
  targets.labelWeights<f32>(begin, end, labels, weights, out, ignoreIndex);
}
export function labelWeights_f64(
  begin: i32,
  end: i32,
  labels: usize,
  weights: usize,
  out: usize,
  ignoreIndex: i32,
): void {
  targets.labelWeights<f64>(begin, end, labels, weights, out, ignoreIndex);
}

export function exp_f32(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  elementary.exp<f32>(begin, end, x, out, count, scratch);
}
export function exp_f64(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  elementary.exp<f64>(begin, end, x, out, count, scratch);
}

export function logarithm_f32(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  elementary.logarithm<f32>(begin, end, x, out, count, scratch);
}
export function logarithm_f64(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  elementary.logarithm<f64>(begin, end, x, out, count, scratch);
}

export function evaluate_f32(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  rows: usize,
  classes: i32,
  ignoreIndex: i32,
  scratch: usize,
): void {
  evaluation.evaluate<f32>(begin, end, logits, labels, weights, rows, classes, ignoreIndex, scratch);
}
export function evaluate_f64(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  rows: usize,
  classes: i32,
  ignoreIndex: i32,
  scratch: usize,
): void {
  evaluation.evaluate<f64>(begin, end, logits, labels, weights, rows, classes, ignoreIndex, scratch);
}

export function regression_f32(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  maxima: usize,
  count: i32,
  scratch: usize,
): void {
  regressions.regression<f32>(begin, end, predictions, targets, sums, maxima, count, scratch);
}
export function regression_f64(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  maxima: usize,
  count: i32,
  scratch: usize,
): void {
  regressions.regression<f64>(begin, end, predictions, targets, sums, maxima, count, scratch);
}
