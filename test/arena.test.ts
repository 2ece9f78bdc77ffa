import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ArrayType } from "../src/dtype.ts";
import { Arena } from "../src/memory/arena.ts";

const START = 128;
const BYTES = 4096;
const OVERHEAD = 64;
const TYPES = [Uint8Array, Int16Array, Float32Array, Float64Array];

const steps = fc.array(
  fc.oneof(fc.record({ type: fc.constantFrom(...TYPES), length: fc.nat(200) }), fc.record({ release: fc.nat() })),
  { maxLength: 60 },
);

test("views are zero, aligned, apart and within; what is given back can be had as one", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const arena = new Arena(new ArrayBuffer(START + BYTES + OVERHEAD), START, BYTES, OVERHEAD);
      const views: Float64Array[] = [];
      for (const step of list) {
        if ("release" in step) {
          const [view] = views.splice(step.release % Math.max(1, views.length), 1);
          if (view) arena.free(view);
          continue;
        }
        const { type, length } = step;
        const room = arena.available;
        try {
          const view = arena.alloc(type as unknown as ArrayType<Float64Array>, length);
          expect(view.every((it) => it === 0)).toBe(true);
          expect(view.byteOffset % 64).toBe(0);
          expect(view.byteOffset).toBeGreaterThanOrEqual(START);
          for (const other of views) {
            const apart =
              view.byteOffset + Math.max(1, view.byteLength) <= other.byteOffset ||
              other.byteOffset + Math.max(1, other.byteLength) <= view.byteOffset;
            expect(apart).toBe(true);
          }
          view.fill(1);
          views.push(view);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          // only ever refused where no single free stretch is as long
          const largest = Math.max(0, ...gapsBetween(views));
          expect(length * type.BYTES_PER_ELEMENT).toBeGreaterThan(largest - 64);
          expect(room).toBe(arena.available);
        }
      }
      for (const view of views) arena.free(view);
      expect(arena.available).toBe(BYTES);
      expect(arena.alloc(Uint8Array, BYTES)).toHaveLength(BYTES);
    }),
    { numRuns: 500 },
  );
});

/** Bytes of the stretches between views. */
function gapsBetween(views: readonly ArrayBufferView[]): number[] {
  const sorted = [...views].sort((a, b) => a.byteOffset - b.byteOffset);
  const ends = [START, ...sorted.map((it) => it.byteOffset + Math.max(64, Math.ceil(it.byteLength / 64) * 64))];
  const begins = [...sorted.map((it) => it.byteOffset), START + BYTES + OVERHEAD];
  return begins.map((begin, i) => begin - ends[i]);
}

const newArena = () => new Arena(new ArrayBuffer(BYTES + OVERHEAD), 0, BYTES, OVERHEAD);

test("an arena that is full says how much was asked and how much there is, in all and in one piece", () => {
  const arena = newArena();
  const half = arena.alloc(Uint8Array, BYTES / 2);
  expect(() => arena.alloc(Float64Array, BYTES / 8)).toThrow(
    new RangeError(
      "alloc: Float64Array of 512 needs 4096 bytes, but 2048 of 4096 are free, 2048 in one piece (arenaBytes)",
    ),
  );
  arena.free(half);
  const [a, , b] = [1, 2, 3, 4].map(() => arena.alloc(Uint8Array, BYTES / 4));
  arena.free(a);
  arena.free(b);
  expect(() => arena.alloc(Uint8Array, BYTES / 2 - 1)).toThrow(
    new RangeError(
      "alloc: Uint8Array of 2047 needs 2048 bytes, but 2048 of 4096 are free, 1024 in one piece (arenaBytes)",
    ),
  );
});

test("no more than its bytes is given out, whatever the last line holds", () => {
  for (const bytes of [0, 1, 64, 100, 128]) {
    const arena = new Arena(new ArrayBuffer(bytes + OVERHEAD), 0, bytes, OVERHEAD);
    expect(() => arena.alloc(Uint8Array, bytes + 1)).toThrow(RangeError);
    expect(arena.alloc(Uint8Array, bytes)).toHaveLength(bytes);
    expect(() => arena.alloc(Uint8Array, Math.max(1, bytes))).toThrow(RangeError);
  }
});

test("a view that was given back frees nothing of whoever has its memory now, nor does another view of it", () => {
  const arena = newArena();
  const stale = arena.alloc(Float32Array, 4);
  arena.free(stale);
  const view = arena.alloc(Float32Array, 4);
  expect(view.byteOffset).toBe(stale.byteOffset);
  const room = arena.available;
  const others = [stale, view.subarray(), view.subarray(0, 3), new Uint8Array(view.buffer, view.byteOffset, 16)];
  for (const other of others) {
    const kind = other === others[3] ? "a Uint8Array" : "a Float32Array";
    expect(() => arena.free(other)).toThrow(
      new RangeError(`free: view (${kind}) is not of alloc(), or was given back already`),
    );
    expect(arena.available).toBe(room);
  }
  arena.free(view);
  expect(() => arena.free(view)).toThrow(RangeError);
});

test.each([
  [null, "null"],
  [undefined, "undefined"],
  [64, "a number"],
  [[1], "an Array"],
  [new ArrayBuffer(64), "an ArrayBuffer"],
])("free(%s) names the kind", (wrong, kind) => {
  expect(() => newArena().free(wrong as never)).toThrow(
    new TypeError(`free: view (${kind}) is not of alloc(), or was given back already`),
  );
});
