// The functions of losses that an evaluation does not call: the worker that evaluates is loaded without them.
const none = () => ({});

export {
  none as createCrossEntropy,
  none as createDivergences,
  none as createElementwiseLosses,
  none as createOptimizers,
  none as createSoftmax,
};
