import type { Door } from "./api/door.ts";
import type { Backend } from "./backends/backend.ts";
import type { Pool } from "./backends/threads/pool.ts";
import { checkArrayType, checkInteger } from "./check.ts";
import type { Engine } from "./losses.ts";

/** What an engine is made of, and why it is less than was asked for. */
export interface Parts {
  readonly backend: Backend;
  readonly notes: readonly string[];
  readonly relaxed?: boolean;
  readonly pool?: Pool | undefined;
}

/** Takes what has to be done before the memory goes. */
export type Closing = (leave: () => void) => void;

/** What is put on an engine. */
export type FacesOf<F extends object> = (door: Door, closing: Closing) => F;

/** Puts functions on one backend, behind a door that closes. */
export function createEngine<F extends object>(
  { backend: given, notes: opened, relaxed = false, pool }: Parts,
  facesOf: FacesOf<F>,
): Engine & F {
  let backend: Backend | undefined = given;
  let workers = pool;
  let notes = opened;
  const door: Door = (name) => {
    if (backend === undefined) throw new TypeError(`${name}: this Losses is closed`);
    return backend;
  };
  const leaving: (() => void)[] = [];
  const allNotes = () => Object.freeze([...notes, ...(workers?.notes ?? [])]);

  function close(): void {
    notes = allNotes();
    for (const leave of leaving) leave();
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
    ...facesOf(door, (leave) => leaving.push(leave)),
  };
}
