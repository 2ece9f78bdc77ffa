import { BOTH, type Description, input, integer, optional, output, partials, real, scratch } from "./kernel.ts";

// Cross-entropy of logits, and of what is a probability (or its logarithm) already, with index and with probability targets.
// A gradient is written where `grad` is given; `scale` multiplies it. weightSum is Σ w_c, where labels are smoothed.

/** Of gradients a q - b, whose terms may cancel, the error is relative to |a q| + |b|. */
const ofLogits = {
  f32: "2^-23 (4 + max(0, -ln loss)); gradient 2^-23 (4 + |x - m|) of the terms",
  f64: "2^-51 (4 + max(0, -ln loss)); gradient 2^-51 (4 + |x - m|) of the terms",
};
const ofLikelihoods = { f32: "2^-49; gradient 2^-23", f64: "2^-49; gradient 2^-49" };

const weights = optional(input("weights", "call"));
const grad = optional(output("grad", "classes"));
const losses = partials("losses");
const labels = input("labels", "unit", "i32");
const targets = input("targets", "classes");

export const crossEntropy: Description = {
  name: "crossEntropy",
  formula: "-w[y] ln softmax(x)[y], smoothed; gradient w[y] (softmax(x) - onehot(y)) scale",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    labels,
    weights,
    grad,
    losses,
    integer("classes"),
    integer("ignoreIndex"),
    real("labelSmoothing"),
    real("weightSum"),
    real("scale"),
    scratch,
  ],
  tolerance: ofLogits,
  module: "crossEntropy/crossEntropy",
};

export const crossEntropyProbabilities: Description = {
  name: "crossEntropyProbabilities",
  formula: "-Σ w p ln softmax(x), smoothed; gradient ((Σ w p) softmax(x) - w p) scale",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    targets,
    weights,
    grad,
    losses,
    integer("classes"),
    real("labelSmoothing"),
    real("scale"),
    scratch,
  ],
  tolerance: ofLogits,
  module: "crossEntropy/crossEntropy",
};

/**
 * Cross-entropy of logits with every option, and with targets that are labels, probabilities, or the probabilities (`shares`) of
 * `entries` classes a row (`indices`), whatever is there. `softCap` 0 is none.
 */
export const generalCrossEntropy: Description = {
  name: "generalCrossEntropy",
  formula:
    "cross-entropy of u = softCap tanh(x / softCap) / temperature, (1 - q[y])^gamma times that of labels, + zLoss lse^2",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    optional(labels),
    optional(targets),
    optional(input("indices", "entries", "i32")),
    optional(input("shares", "entries")),
    weights,
    grad,
    losses,
    integer("classes"),
    integer("entries"),
    integer("ignoreIndex"),
    real("labelSmoothing"),
    real("temperature"),
    real("softCap"),
    real("zLoss"),
    real("gamma"),
    real("scale"),
    scratch,
  ],
  tolerance: {
    f32: "2^-23 (4 + 4 gamma + max(0, -ln loss)); gradient 2^-23 (1 + gamma) (4 + |u - m|) of the terms; lse of zLoss 2^-23 (|m| + ln d), absolute",
    f64: "2^-51 (4 + 4 gamma + max(0, -ln loss)), of capped logits 2^-51 (4 + 4 gamma + c max(1, -ln loss)), c = 2 (1 + max |x| / softCap); gradient 2^-51 (1 + gamma) (4 + c (1 + |u - m|)) of the terms, c = 1 of others; lse of zLoss 2^-51 (|m| + ln d), absolute",
  },
  module: "crossEntropy/generalCrossEntropy",
};

export const likelihood: Description = {
  name: "likelihood",
  formula: "-w[y] ln q[y], smoothed; of logarithms -w[y] q[y]; gradient -w[y] / q[y] scale, of logarithms -w[y] scale",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("input", "classes"),
    labels,
    weights,
    grad,
    losses,
    integer("classes"),
    integer("ignoreIndex"),
    real("labelSmoothing"),
    integer("logarithms"),
    real("scale"),
    scratch,
  ],
  tolerance: ofLikelihoods,
  module: "likelihood/likelihood",
};

export const likelihoodProbabilities: Description = {
  name: "likelihoodProbabilities",
  formula: "-Σ w p ln q, smoothed; of logarithms -Σ w p q; gradient -w p / q scale, of logarithms -w p scale",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("input", "classes"),
    targets,
    weights,
    grad,
    losses,
    integer("classes"),
    real("labelSmoothing"),
    integer("logarithms"),
    real("scale"),
    scratch,
  ],
  tolerance: ofLikelihoods,
  module: "likelihood/likelihood",
};
