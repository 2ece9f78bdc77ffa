/**
 * The first key that an object in a JSON text has twice; undefined where there is none. JSON.parse takes the last one in
 * silence. The text must be valid.
 */
export function duplicateKey(json: string): string | undefined {
  const keys: Set<string>[] = [];
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === "{") keys.push(new Set());
    else if (token === "}") keys.pop();
    else if (colon !== undefined) {
      const key: string = JSON.parse(text);
      const known = keys[keys.length - 1];
      if (known.has(key)) return key;
      known.add(key);
    }
  }
  return undefined;
}
