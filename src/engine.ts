import type { Door } from "./api/door.ts";
import type { Backend } from "./backends/backend.ts";
import type { Pool } from "./backends/threads/pool.ts";
import { checkArrayType, checkInteger } from "./check.ts";
import { createEvaluations } from "./evaluate/evaluations.ts";
import type { Faces } from "./faces.ts";
import type { Losses } from "./losses.ts";

/** Losses without the functions of arrays: memory and evaluations. */
export type Engine = Omit<Losses, keyof Faces>;

/** What an engine is made of, and why it is less than was asked for. */
export interface Parts {
  readonly backend: Backend;
  readonly notes: readonly string[];
  readonly relaxed?: boolean;
  readonly pool?: Pool | undefined;
}

/** Puts evaluations, and the functions of arrays that are wanted, on one backend, behind a door that closes. */
export function createEngine<F extends object>(
  { backend: given, notes: opened, relaxed = false, pool }: Parts,
  facesOf: (door: Door) => F,
): Engine & F {
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
    ...facesOf(door),
    ...evaluations,
  };
}
