import type { FloatArray } from "../../test/inputs.ts";

/** Mean squared error, its root, mean and largest absolute error, R2. */
export function regression(predictions: FloatArray, targets: FloatArray): number[] {
  const n = predictions.length;
  let [squares, absolutes, largest, sum] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const error = Math.abs(predictions[i] - targets[i]);
    squares += error * error;
    absolutes += error;
    largest = Math.max(largest, error);
    sum += targets[i];
  }
  const mean = sum / n;
  let spread = 0;
  for (let i = 0; i < n; i++) spread += (targets[i] - mean) ** 2;
  return [squares / n, Math.sqrt(squares / n), absolutes / n, largest, 1 - squares / spread];
}
