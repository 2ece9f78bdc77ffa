import { BESIDE_SECTIONS, readBeside, writeBeside } from "../besideSections.ts";
import { MAXIMAL_BINS } from "../evaluatorOptions.ts";
import { Groups } from "../groups.ts";
import { checkCanonical, hasMagic, openState, type Reader, VERSION, Writer } from "../stateBytes.ts";
import { readCalibration, readRanking } from "../stateReaders.ts";
import { writeCalibration } from "../stateSections.ts";
import { type BinaryTotals, createBinaryTotals } from "./binaryTotals.ts";

// docs/state-format.md describes the bytes.

const MAGIC = "wlbn";
const INPUTS = ["logits", "probabilities"] as const;
const [OPTIONS, COUNTS, SUMS, CALIBRATION, RANKING] = [1, 2, 3, 5, 10];

export function encodeBinary(totals: BinaryTotals): Uint8Array {
  const { options } = totals;
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.section(OPTIONS, (section) => {
    section.count(INPUTS.indexOf(options.input));
    section.count(options.bins);
  });
  to.section(COUNTS, (section) => {
    for (const name of ["rows", "nan", "correct"] as const) section.count(totals[name]);
  });
  to.section(SUMS, (section) => {
    for (const name of ["loss", "lossSquare", "brier"] as const) section.total(totals[name]);
  });
  to.section(CALIBRATION, (section) => writeCalibration(section, totals.calibration));
  to.section(RANKING, (section) => totals.ranking.write(section));
  writeBeside(to, totals);
  return to.finish();
}

export function isBinaryState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

export function decodeBinary(state: unknown, name: string): BinaryTotals {
  const { from } = openState(state, name, MAGIC, VERSION);
  const sections = from.sections([OPTIONS, COUNTS, SUMS, CALIBRATION, RANKING, ...BESIDE_SECTIONS]);
  const inSection = (tag: number, read: (section: Reader) => void) => {
    const section = sections.get(tag) ?? from.fail(`has no section of the tag ${tag}`);
    read(section);
    section.end(`a section of the tag ${tag}`);
  };
  let totals = createBinaryTotals({ input: "logits", bins: 1 });
  inSection(OPTIONS, (section) => {
    const input = INPUTS[section.count("an input", INPUTS.length - 1)];
    totals = createBinaryTotals({ input, bins: section.count("bins", MAXIMAL_BINS, 1) });
  });
  inSection(COUNTS, (section) => {
    for (const key of ["rows", "nan", "correct"] as const) totals[key] = section.count(key);
  });
  inSection(SUMS, (section) => {
    totals.loss.addTotal(section.total());
    totals.lossSquare.addTotal(section.productTotal());
    totals.brier.addTotal(section.total());
  });
  inSection(CALIBRATION, (section) => readCalibration(section, totals.calibration));
  inSection(RANKING, (section) => readRanking(section, totals.ranking));
  readBeside(sections, totals, totals.rows, totals.loss, new Groups());
  const { rows, nan, correct, calibration, ranking } = totals;
  const inBins = calibration.reduce((sum, { count }) => sum + count, 0);
  const right = calibration.reduce((sum, bin) => sum + bin.correct, 0);
  if (inBins + nan !== rows) from.fail(`has ${inBins} rows in bins of confidence and ${nan} of NaN, but ${rows} rows`);
  if (right !== correct) from.fail(`has correct ${correct}, but ${right} in bins of confidence`);
  if (calibration.some((bin) => bin.correct > bin.count)) from.fail("has a bin with more that is right than rows");
  if (ranking.rows !== inBins) from.fail(`has ${ranking.rows} scores, but ${inBins} rows that are not NaN`);
  if (totals.lossSquare.units < 0n) from.fail("has a negative sum of squares");
  checkCanonical(state as Uint8Array, encodeBinary(totals), name);
  return totals;
}
