/** A page reads what it is given alone. */
export function filesInBucket(path: string): never {
  throw new Error(`${path}: a page reads no addresses`);
}
