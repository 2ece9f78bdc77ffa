/** A page reads what it is given alone. */
export function openAddress(path: string): never {
  throw new Error(`${path}: a page reads no addresses`);
}
