import { createCrossEntropy } from "./api/crossEntropy.ts";
import { createDivergences } from "./api/divergences.ts";
import type { Door } from "./api/door.ts";
import { createElementwiseLosses } from "./api/elementwiseLosses.ts";
import { createOptimizers } from "./api/optimizers/faces.ts";
import { createSoftmax } from "./api/softmax.ts";
import type { Backend } from "./backends/backend.ts";
import type { Pool } from "./backends/threads/pool.ts";
import { checkArrayType, checkInteger } from "./check.ts";
import { createEvaluations } from "./evaluate/evaluations.ts";
import type { Losses } from "./losses.ts";

/** What an engine is made of, and why it is less than was asked for. */
export interface Parts {
  readonly backend: Backend;
  readonly notes: readonly string[];
  readonly relaxed?: boolean;
  readonly pool?: Pool | undefined;
}

/** Puts the faces of src/api and src/evaluate on one backend, behind a door that closes. */
export function createEngine({ backend: given, notes: opened, relaxed = false, pool }: Parts): Losses {
  let backend: Backend | undefined = given;
  let workers = pool;
  let notes = opened;
  const door: Door = (name) => {
    if (backend === undefined) throw new TypeError(`${name}: this Losses is closed`);
    return backend;
  };
  const { evaluations, leave } = createEvaluations(door);
  const allNotes = () => Object.freeze([...notes, ...(workers?.notes ?? [])]);

  function close(): void {
    notes = allNotes();
    leave();
    workers?.close();
    // whatever leads to the memory
    backend = undefined;
    workers = undefined;
  }

  return {
    backend: given.name,
    relaxed,
    get threads() {
      return 1 + (workers?.size ?? 0);
    },
    get notes() {
      return allNotes();
    },
    alloc(type, length) {
      const { arena } = door("alloc");
      checkArrayType("alloc", type);
      checkInteger("alloc", "length", length, 0, Number.MAX_SAFE_INTEGER);
      return arena.alloc(type, length);
    },
    free: (view) => door("free").arena.free(view),
    close,
    [Symbol.dispose]: close,
    ...createElementwiseLosses(door),
    ...createSoftmax(door),
    ...createCrossEntropy(door),
    ...createDivergences(door),
    ...createOptimizers(door),
    ...evaluations,
  };
}
