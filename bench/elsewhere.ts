// V8 keeps vectors that it has no registers for at multiples of 8 bytes from wherever the stack stands. Where one that a loop
// uses lies across two pages, at one in 25 depths of the stack, the loop takes 1.3 to 2.1 times as long, each time. So each
// slice is timed at a depth of its own, and medians are those of the others.

const DEPTHS = 61;
const STEP = 23;
let depth = 0;

function deeper<R>(frames: number, f: () => R): R {
  return frames === 0 ? f() : deeper(frames - 1, f);
}

/** Calls f with the stack at another depth each time; frames of V8 take about 100 bytes, so all together more than a page. */
export function elsewhere<R>(f: () => R): R {
  depth = (depth + STEP) % DEPTHS;
  return deeper(depth, f);
}
