import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files below a path, or the file itself, but for those in folders of the names `without`; sorted. */
function filesOf(path: string, without: readonly string[]): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .filter((name) => !without.includes(name))
    .sort()
    .flatMap((name) => filesOf(`${path}/${name}`, without));
}

/** A digest of the names and the bytes of files and folders, those that are not there left out. */
function digestOf(paths: readonly string[], without: readonly string[] = []): string {
  const hash = createHash("sha256").update(`${process.version} ${process.platform}\n`);
  for (const path of paths.filter((name) => existsSync(join(root, name)))) {
    for (const file of filesOf(path, without)) {
      const bytes = readFileSync(join(root, file));
      hash.update(`${file} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest("hex");
}

/** Which packages are installed. */
const PACKAGES = ["package-lock.json", "node_modules/.package-lock.json"];

/**
 * Makes `outputs` of `inputs` and the installed packages: only where one of either is not, byte for byte, what it was when `make` was
 * last done. Folders of inputs with the names `without` are none.
 */
export async function made(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  make: () => Promise<void>,
  without: readonly string[] = [],
): Promise<void> {
  const stamp = join(root, "build/made", name);
  const source = digestOf([...PACKAGES, ...inputs], without);
  const stampOf = () => `${source} ${digestOf(outputs)}\n`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === stampOf()) return;
  // lest a build that is broken off is taken for one that was done
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, stampOf());
}
