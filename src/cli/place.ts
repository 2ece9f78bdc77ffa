import { type BigIntStats, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";

/** Where a path leads to. */
export interface Place {
  /** Links followed, also to what is not there yet. Of an open descriptor (/dev/stdout, /dev/fd/3) the path ends at it. */
  readonly path: string;
  /** Undefined of what is not there yet. */
  readonly stat: BigIntStats | undefined;
  /** The descriptor, where it is one of this process. */
  readonly descriptor: number | undefined;
}

/** The same for all names of one file. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** The folders of open descriptors: on Linux the links in them lead to pipes and to files without a name, too. */
const DESCRIPTORS = /^\/(proc\/(\d+)(\/task\/\d+)?|dev)\/fd$/;

export function placeOf(path: string): Place {
  // an error of links that go round in a circle
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  for (let at = path; ; ) {
    const folder = realpathSync(dirname(at));
    at = join(folder, basename(at));
    const descriptors = DESCRIPTORS.exec(folder);
    if (descriptors) {
      const own = Number(descriptors[2] ?? process.pid) === process.pid;
      return { path: at, stat, descriptor: own ? Number(basename(at)) : undefined };
    }
    if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return { path: at, stat, descriptor: undefined };
    const link = readlinkSync(at);
    at = isAbsolute(link) ? link : `${folder}/${link}`;
  }
}
