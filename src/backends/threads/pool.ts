import { reasonOf } from "../../check.ts";
import { WORKER_SCRATCH, workerArea } from "../../memory/map.ts";
import { CLOSED, controlOf, DISMISSED, EPOCH, FAILED, RUNS, STATE } from "./protocol.ts";
import { type Handle, spawn } from "./spawn.ts";

/** What a pool is made of. */
export interface PoolOptions {
  /** Wants shared memory. */
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly arenaBytes: number;
  /** Workers beside the caller. */
  readonly workers: number;
  /** Workers that stopped are replaced so many times; memory for them was made. */
  readonly spares: number;
  readonly spinMilliseconds: number;
  /** How long a worker may take to start. */
  readonly startMilliseconds: number;
  readonly source: string | undefined;
}

/** A worker and its own words. */
interface Member {
  readonly own: Int32Array;
  handle?: Handle;
  /** It takes part no more. */
  lost: boolean;
}

/** The workers of one engine. Those that stop are replaced at the next launch, while there are spares. */
export class Pool {
  /** What happened to its workers, a sentence each. */
  readonly notes: string[] = [];
  readonly #options: PoolOptions;
  #members: Member[] = [];
  #areas = 0;
  #missing = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Starts the workers and waits until each runs or has failed to, within bounds. */
  async start(): Promise<void> {
    const { workers } = this.#options;
    const reasons = await Promise.all(Array.from({ length: workers }, () => this.#started()));
    const failed = reasons.filter((reason) => reason !== undefined);
    if (failed.length === 0) return;
    const many = failed.length === 1 ? "a worker" : `${failed.length} workers`;
    this.notes.push(`threads: ${many} of ${workers} could not be started (${failed[0]}).`);
  }

  /** Workers that take part. */
  get size(): number {
    return this.#members.length;
  }

  /** Starts replacements for those that were lost. */
  mend(): void {
    for (; this.#missing > 0; this.#missing--) {
      try {
        const member: Member = this.#spawn((reason) => {
          if (reason !== undefined) this.#lose(member, reason);
        });
        this.#members.push(member);
        member.handle?.unref();
      } catch (error) {
        this.notes.push(`threads: no worker could be started again (${reasonOf(error)}).`);
      }
    }
  }

  /** Whether a worker failed in a launch; it is then lost. */
  loseFailed(): void {
    for (const member of [...this.#members]) {
      if (Atomics.load(member.own, STATE) === FAILED) this.#lose(member, "its kernel failed");
    }
  }

  /** Gives up the workers that are still running a stride: all of them where that can't be told. */
  dismissRunning(reason: string): void {
    const running = this.#members.filter(({ own }) => Atomics.load(own, RUNS) !== 0);
    for (const member of running.length > 0 ? running : [...this.#members]) this.#lose(member, reason);
  }

  close(): void {
    this.#closed = true;
    const { words } = controlOf(this.#options.memory.buffer);
    Atomics.store(words, CLOSED, 1);
    Atomics.add(words, EPOCH, 1);
    Atomics.notify(words, EPOCH);
    for (const { handle } of this.#members) handle?.terminate();
    this.#members = [];
  }

  /** A worker's start, as a promise: why it failed, or undefined. It keeps the process alive until then. */
  #started(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const { startMilliseconds } = this.#options;
      let member: Member | undefined;
      const settle = (reason?: string) => {
        clearTimeout(timer);
        if (member !== undefined && !member.lost) {
          if (reason === undefined) {
            this.#members.push(member);
            member.handle?.unref();
          } else {
            member.lost = true;
            member.handle?.terminate();
          }
        }
        resolve(reason);
      };
      const timer = setTimeout(() => settle(`no answer in ${startMilliseconds / 1000} s`), startMilliseconds);
      try {
        member = this.#spawn(settle);
      } catch (error) {
        settle(reasonOf(error));
      }
    });
  }

  /** A worker with an area of its own; `settle` gets undefined once it runs, or why it doesn't. */
  #spawn(settle: (reason?: string) => void): Member {
    const { module, memory, arenaBytes, spinMilliseconds, source } = this.#options;
    const area = workerArea(arenaBytes, this.#areas++);
    const member: Member = { own: new Int32Array(memory.buffer, area, WORKER_SCRATCH / 4), lost: false };
    const handle = spawn(source, {
      report: (report) => settle(report.ready ? undefined : report.reason),
      stopped: (reason) => {
        if (this.#members.includes(member)) this.#lose(member, reason);
        else settle(reason);
      },
    });
    member.handle = handle;
    try {
      handle.post({ module, memory, area, spinMilliseconds });
    } catch (error) {
      handle.terminate();
      throw error;
    }
    return member;
  }

  #lose(member: Member, reason: string): void {
    if (member.lost || this.#closed) return;
    member.lost = true;
    Atomics.store(member.own, STATE, DISMISSED);
    // stops it within a turn of its loop, before a stride that it may still run is run again
    member.handle?.terminate();
    this.#members = this.#members.filter((other) => other !== member);
    const { workers, spares } = this.#options;
    const replaced = this.#areas + this.#missing < workers + spares;
    if (replaced) this.#missing++;
    this.notes.push(
      `threads: a worker stopped (${reason}); ${replaced ? "another takes its place" : `${1 + this.size + this.#missing} of ${1 + workers} threads go on`}.`,
    );
  }
}
