// Index targets: the check at the door, and the weights they stand for. One unit a row.

/** report[0] = first row whose label is neither within 0..classes-1 nor ignoreIndex, or -1; report[1] = rows counted. */
export function checkLabels(begin: i32, end: i32, labels: usize, report: usize, classes: i32, ignoreIndex: i32): void {
  const limit = i32x4.splat(classes);
  const ignore = i32x4.splat(ignoreIndex);
  let bad = i32x4.splat(0);
  let ignored = bad;
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const v = v128.load(labels + ((<usize>i) << 2));
    const skip = i32x4.eq(v, ignore);
    ignored = i32x4.sub(ignored, skip);
    bad = v128.or(bad, v128.andnot(i32x4.ge_u(v, limit), skip));
  }
  let skipped =
    i32x4.extract_lane(ignored, 0) +
    i32x4.extract_lane(ignored, 1) +
    i32x4.extract_lane(ignored, 2) +
    i32x4.extract_lane(ignored, 3);
  let wrong = v128.any_true(bad);
  for (; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    if (label == ignoreIndex) skipped++;
    else if (<u32>label >= <u32>classes) wrong = true;
  }
  let first = -1;
  if (wrong) {
    for (first = begin; ; first++) {
      const label = load<i32>(labels + ((<usize>first) << 2));
      if (label != ignoreIndex && <u32>label >= <u32>classes) break;
    }
  }
  store<f64>(report, <f64>first);
  store<f64>(report, <f64>(end - begin - skipped), 8);
}

/** out = w[label], 0 where ignored. */
export function labelWeights<T>(
  begin: i32,
  end: i32,
  labels: usize,
  weights: usize,
  out: usize,
  ignoreIndex: i32,
): void {
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    store<f64>(out + ((<usize>i) << 3), label == ignoreIndex ? 0 : <f64>load<T>(weights + <usize>label * sizeof<T>()));
  }
}
