// What the command line has in a page instead of a process and a disk. A worker runs one command at a time.

import type { Reached } from "../../src/cli/pace.ts";
import type { Page } from "../../src/cli/report/page.ts";

/** The files of the package that a report carries, which the page has loaded. */
export interface ReportFiles {
  readonly uPlot: string;
  /** Of the plots and of all else. */
  readonly style: string;
  readonly uPlotVersion: string;
  readonly script: string;
}

interface Host {
  /** What can be opened, by its path. */
  files: ReadonlyMap<string, Blob>;
  /** What was written, by its path. */
  readonly outputs: Map<string, string | Uint8Array>;
  readonly warnings: string[];
  /** The report that was written, as data. */
  page: Page | undefined;
  report: ReportFiles | undefined;
  /** Is told now and then; what it throws ends the command. */
  onProgress(reached: Reached): void;
}

export const host: Host = {
  files: new Map(),
  outputs: new Map(),
  warnings: [],
  page: undefined,
  report: undefined,
  onProgress: () => {},
};
