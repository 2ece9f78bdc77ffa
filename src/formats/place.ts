import { type BigIntStats, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";

/** Where a path leads to. */
export interface Place {
  /** Links followed, also to what is not there yet. */
  readonly path: string;
  /** Undefined of what is not there yet. */
  readonly stat: BigIntStats | undefined;
  /** The open descriptor of this process that the path is another name for: 1 of /dev/stdout, 3 of /dev/fd/3. */
  readonly descriptor: number | undefined;
}

/** The same for all names of one file. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Where the descriptors of this process stand: on Linux as links, some of which lead to no name. */
const DESCRIPTORS = new RegExp(`^/(dev|proc/${process.pid}(/task/\\d+)?)/fd$`);

/** Whether a file appears there or gives way to a new one; to devices, pipes and open descriptors it is written. */
export function isReplaced({ stat, descriptor }: Place): boolean {
  return descriptor === undefined && (stat === undefined || stat.isFile());
}

/**
 * What is not replaced is written to: a descriptor from where it stands, for a file would begin anew if it were opened, under
 * what else is printed to it, and a socket can't be. A pipe is opened: through the descriptor Node does not wait for its reader.
 */
export function writtenTo(path: string, { stat, descriptor }: Place): string | number {
  return descriptor === undefined || stat?.isFIFO() ? path : descriptor;
}

/** The longest name that file systems take, in bytes. */
const LONGEST_NAME = 255;

/** Where a file is written before it takes its name: beside it, its name and the process id, so that a folder shows what it is. */
export function temporaryOf({ path }: Place): string {
  const suffix = `.${process.pid}.tmp`;
  let name = basename(path);
  while (Buffer.byteLength(name) + suffix.length > LONGEST_NAME) name = name.slice(0, -1);
  return join(dirname(path), `${name}${suffix}`);
}

export function placeOf(path: string): Place {
  // fails of links that go round in a circle, of no name, and of that of a folder that isn't there
  const stat = statSync(path, { bigint: true, throwIfNoEntry: /(^|[/\\])$/.test(path) });
  for (let at = path; ; ) {
    const folder = realpathSync(dirname(at));
    at = join(folder, basename(at));
    if (DESCRIPTORS.test(folder)) return { path: at, stat, descriptor: Number(basename(at)) };
    if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return { path: at, stat, descriptor: undefined };
    const link = readlinkSync(at);
    at = isAbsolute(link) ? link : `${folder}/${link}`;
  }
}
