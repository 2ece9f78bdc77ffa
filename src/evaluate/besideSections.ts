import { ExactTotal } from "../numeric/exactTotal.ts";
import type { BesideTotals } from "./besideRows.ts";
import { readCoverage, writeCoverage } from "./coverage.ts";
import type { Groups } from "./groups.ts";
import type { Reader, Writer } from "./stateBytes.ts";
import { readGroups } from "./stateReaders.ts";
import { COVERAGE, GROUPS } from "./stateSections.ts";

// The last sections of states of rows of one prediction: what these came with. docs/state-format.md describes the bytes.

const IGNORED = 16;

export const BESIDE_SECTIONS: readonly number[] = [GROUPS, COVERAGE, IGNORED];

export function writeBeside(to: Writer, { groups, coverage, ignored }: BesideTotals): void {
  if (groups !== null) to.section(GROUPS, (section) => groups.write(section));
  if (coverage !== null) to.section(COVERAGE, (section) => writeCoverage(section, coverage));
  if (ignored > 0) to.section(IGNORED, (section) => section.count(ignored));
}

/** Reads what writeBeside wrote: `counted` rows are not ignored, whose losses add up to `loss`; `groups` are empty. */
export function readBeside(
  sections: ReadonlyMap<number, Reader>,
  totals: BesideTotals,
  counted: number,
  loss: ExactTotal,
  groups: Groups,
): void {
  const ifThere = (tag: number, what: string, read: (section: Reader) => void) => {
    const section = sections.get(tag);
    if (section === undefined) return;
    read(section);
    section.end(what);
  };
  ifThere(IGNORED, "a count of ignored rows", (section) => {
    totals.ignored = section.count("ignored rows", Number.MAX_SAFE_INTEGER - counted, 1);
  });
  ifThere(GROUPS, "groups", (section) => {
    readGroups(section, groups);
    groups.checkSums(loss, new ExactTotal(BigInt(counted) << 1074n), section.fail);
    totals.groups = groups;
  });
  ifThere(COVERAGE, "a coverage", (section) => {
    totals.coverage = readCoverage(section, counted + totals.ignored);
  });
}
