import type { SingleBar } from "cli-progress";
import { paceOf } from "./pace.ts";

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** Shorter work shows no bar. */
const quietMilliseconds = 300;

/** A bar with rate and remaining time on standard error, where that is a terminal; it is gone when the work is done. */
export async function progressBar(total: number, unit: string): Promise<Progress> {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  // 30 ms, for what most runs have no use for
  const { default: bars } = await import("cli-progress");
  const begin = performance.now();
  const figures = (done: number) => paceOf({ done, total, unit }, performance.now() - begin);
  let bar: SingleBar | undefined;
  return {
    update(done) {
      if (bar) bar.update(done, figures(done));
      else if (performance.now() - begin > quietMilliseconds && done < total) {
        // linewrap: true leaves the terminal's own setting alone, so that there is nothing to restore after Ctrl-C.
        bar = new bars.SingleBar({
          format: "{bar} {percentage}% | {rate} | {left} left",
          clearOnComplete: true,
          linewrap: true,
        });
        bar.start(total, done, figures(done));
      }
    },
    stop() {
      bar?.stop();
    },
  };
}
