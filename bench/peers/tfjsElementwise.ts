/** What is used of a tensor and of the package. */
export interface Tensor {
  sub(other: Tensor | number): Tensor;
  mul(other: Tensor | number): Tensor;
  square(): Tensor;
  abs(): Tensor;
  log(): Tensor;
  neg(): Tensor;
  relu(): Tensor;
  mean(): Tensor;
  dataSync(): Float32Array;
}
type Loss = (targets: Tensor, predictions: Tensor) => Tensor;
export interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  tidy(run: () => void): void;
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype: "float32" | "int32"): Tensor;
  softmax(logits: Tensor): Tensor;
  readonly losses: {
    readonly absoluteDifference: Loss;
    readonly meanSquaredError: Loss;
    readonly sigmoidCrossEntropy: Loss;
    readonly logLoss: Loss;
    huberLoss(targets: Tensor, predictions: Tensor, weights: undefined, delta: number): Tensor;
  };
  readonly metrics: { readonly meanAbsolutePercentageError: Loss };
  squaredDifference(a: Tensor, b: Tensor): Tensor;
  gatherND(values: Tensor, indices: Tensor): Tensor;
  tensorScatterUpdate(values: Tensor, indices: Tensor, updates: Tensor): Tensor;
  oneHot(labels: Tensor, classes: number, on: number, off: number, dtype: "float32"): Tensor;
  valueAndGrad(loss: (predictions: Tensor) => Tensor): (predictions: Tensor) => { value: Tensor; grad: Tensor };
}

type Way = (tf: Tensorflow, predictions: Tensor, targets: Tensor) => Tensor;

const huber: Readonly<Record<string, Way>> = {
  "losses.huberLoss": (tf, p, t) => tf.losses.huberLoss(t, p, undefined, 1),
};

/** The losses that it has, by this package's names, in each way that it has of computing them. */
const WAYS: Readonly<Record<string, Readonly<Record<string, Way>>>> = {
  mse: {
    "squaredDifference, mean": (tf, p, t) => tf.squaredDifference(p, t).mean(),
    "sub, square, mean": (_, p, t) => p.sub(t).square().mean(),
  },
  mae: {
    "losses.absoluteDifference": (tf, p, t) => tf.losses.absoluteDifference(t, p),
    "sub, abs, mean": (_, p, t) => p.sub(t).abs().mean(),
  },
  huber,
  smoothL1: huber,
  mape: {
    // in percent, of each element
    "metrics.meanAbsolutePercentageError": (tf, p, t) => tf.metrics.meanAbsolutePercentageError(t, p).mean().mul(0.01),
  },
  binaryCrossEntropy: {
    "losses.sigmoidCrossEntropy": (tf, p, t) => tf.losses.sigmoidCrossEntropy(t, p),
  },
  "binaryCrossEntropy of probabilities": {
    "losses.logLoss": (tf, p, t) => tf.losses.logLoss(t, p),
  },
  hinge: {
    // losses.hingeLoss takes labels of 0 and 1, and turns them into these
    "mul, neg, relu, mean": (_, p, t) => t.mul(p).sub(1).neg().relu().mean(),
  },
  squaredHinge: {
    "mul, neg, relu, square, mean": (_, p, t) => t.mul(p).sub(1).neg().relu().square().mean(),
  },
};

interface Pair {
  readonly values: Tensor;
  readonly targets: Tensor;
}

/** Each of them, and with the gradient that it derives. */
export const elementwise = Object.fromEntries(
  Object.entries(WAYS).flatMap(([title, ways]) => {
    const [name, ...rest] = title.split(" ");
    const entries = Object.entries(ways);
    const losses = entries.map(([says, way]) => ({
      says,
      run: (tf: Tensorflow, { values, targets }: Pair) => ({ loss: way(tf, values, targets) }),
    }));
    const withGrad = entries.map(([says, way]) => ({
      says: `${says}, valueAndGrad`,
      run(tf: Tensorflow, { values, targets }: Pair) {
        const { value, grad } = tf.valueAndGrad((predictions) => way(tf, predictions, targets))(values);
        return { loss: value, array: grad };
      },
    }));
    return [
      [title, losses],
      [[`${name}WithGrad`, ...rest].join(" "), withGrad],
    ];
  }),
);
