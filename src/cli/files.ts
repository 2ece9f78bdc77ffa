import { accessSync, chmodSync, constants, renameSync, rmSync, statSync, writeFile, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { withoutSecrets } from "../formats/addresses/address.ts";
import { isAddress, isInBucket } from "../formats/addresses/schemes.ts";
import { identityOf, isReplaced, type Place, placeOf, temporaryOf, writtenTo } from "../formats/place.ts";
import { UsageError } from "./arguments.ts";

export type Output = readonly [path: string, data: string | Uint8Array];

/** A file and what the command line calls it: `["--state", "part.acc"]`. */
export type Named = readonly [name: string, path: string];

/** Fails where several inputs are standard input, and where outputs can't be written, are one file or an input: before the work. */
export function checkOutputs(
  outputs: readonly (readonly [option: string, path: string | undefined])[],
  inputs: readonly Named[],
): void {
  const piped = inputs.filter(([, path]) => path === "-").map(([name]) => name);
  if (piped.length > 1) throw new UsageError(`only one of ${piped.join(" and ")} can be -`);
  const all = outputs.filter((it): it is Named => it[1] !== undefined);
  for (const [name, path] of all) {
    if (isAddress(path) && (name === "--report" || name === "--rows" || !isInBucket(path))) {
      throw new UsageError(
        `${name} is ${withoutSecrets(path)}, but ${isInBucket(path) ? "must name a file" : "only s3:// is written to"}`,
      );
    }
  }
  const given = all.filter(([, path]) => !isAddress(path));
  for (const [name, path] of [...inputs, ...given]) {
    if (path === "") throw new UsageError(`${name} is "", but must name a file`);
  }
  for (const [name, path] of given) {
    if (path === "-") throw new UsageError(`${name} is -, but must name a file (/dev/stdout is standard output)`);
  }
  const taken = new Map<string, Named>();
  const refuse = ([name, path]: Named, other: Named | undefined) => {
    if (other) throw new UsageError(`${name} is ${path}: the same file as ${other.join(" ")}`);
  };
  for (const input of inputs) {
    const isStream = input[1] === "-";
    const stat = statSync(isStream ? "/dev/stdin" : input[1], { bigint: true, throwIfNoEntry: !isStream });
    if (stat?.isFile()) taken.set(identityOf(stat), input);
  }
  const places = given.map((output) => [output, checkWritable(output[1])] as const);
  // several may go to one open descriptor, one after the other; but not to that of an input
  for (const [output, { stat }] of places) refuse(output, stat && taken.get(identityOf(stat)));
  for (const [output, place] of places) {
    if (!isReplaced(place)) continue;
    const identity = place.stat ? identityOf(place.stat) : place.path;
    refuse(output, taken.get(identity));
    taken.set(identity, output);
  }
}

function checkWritable(path: string): Place {
  // a folder that isn't there is named as it was given
  accessSync(dirname(path));
  const place = placeOf(path);
  if (place.stat?.isDirectory()) throw Object.assign(new Error(`${path}: is a directory`), { path });
  if (place.stat || !isReplaced(place)) accessSync(path, constants.W_OK);
  // where the new file is written first
  if (isReplaced(place)) accessSync(dirname(place.path), constants.W_OK);
  return place;
}

/** Writes the files of a command; where that fails, what it was to print is not lost. */
export async function writeOutputs(outputs: readonly Output[], text: string): Promise<void> {
  try {
    await writeFiles(outputs.filter(([path]) => !isAddress(path)));
    for (const [path, data] of outputs) {
      if (!isAddress(path)) continue;
      const { putFile } = await import("../formats/addresses/bucket.ts");
      await putFile(path, Buffer.from(data));
    }
  } catch (error) {
    process.stdout.write(text);
    throw error;
  }
}

/**
 * Writes files that appear under their names when all of them are complete: an error before that leaves what was there.
 * Pipes and devices come first, and are waited for; the rest is synchronous: no signal is handled in between.
 */
async function writeFiles(outputs: readonly Output[]): Promise<void> {
  const files: (readonly [path: string, place: Place, data: Output[1]])[] = [];
  for (const [path, data] of outputs) {
    try {
      const place = placeOf(path);
      if (isReplaced(place)) files.push([path, place, data]);
      else await promisify(writeFile)(writtenTo(path, place), data);
    } catch (error) {
      throw Object.assign(error as Error, { path });
    }
  }
  const complete: { temporary: string; path: string }[] = [];
  try {
    for (const [path, place, data] of files) {
      const temporary = temporaryOf(place);
      complete.push({ temporary, path: place.path });
      const mode = place.stat && Number(place.stat.mode) & 0o7777;
      try {
        writeFileSync(temporary, data, { mode });
        // the umask took from it
        if (mode !== undefined) chmodSync(temporary, mode);
      } catch (error) {
        throw Object.assign(error as Error, { path });
      }
    }
    for (const { temporary, path } of complete) renameSync(temporary, path);
  } catch (error) {
    for (const { temporary } of complete) rmSync(temporary, { force: true });
    throw error;
  }
}
