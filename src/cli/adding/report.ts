import type { Failure, PartAdder, PartChecksum } from "./plan.ts";

/** What a thread tells when it has done its parts. */
export interface Report {
  /** Undefined where it did none. */
  readonly state: Uint8Array | undefined;
  readonly checksums: readonly PartChecksum[];
  readonly notes: readonly string[];
  readonly failure: Failure | undefined;
}

/** What an error is told by, as nothing but its message arrives in another thread. */
const FIELDS = ["name", "message", "errno", "code", "path", "syscall"] as const;

/** Of a thread with one; errors as plain objects. */
export function reportOf(own: PartAdder, notes: readonly string[], failure: Failure | undefined): Report {
  const isDone = own.added > 0 && failure === undefined;
  const told = failure && {
    part: failure.part,
    error: Object.fromEntries(FIELDS.map((field) => [field, Object(failure.error)[field]])),
  };
  return {
    state: isDone ? own.adder.state() : undefined,
    checksums: own.checksums.map(({ part, input, sum, bytes }) => ({ part, input, sum, bytes })),
    notes,
    failure: told,
  };
}

/** An error that was told of, as one. */
export function errorOf({ error }: Failure): Error {
  return error instanceof Error ? error : Object.assign(new Error(), error);
}
