/** Where the string that begins at `begin` ends, behind its quotation mark. */
function stringEnd(json: string, begin: number): number {
  let i = begin + 1;
  while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i + 1;
}

/**
 * The first key that an object in a JSON text has twice; undefined where there is none. JSON.parse takes the last one in
 * silence. The text must be valid.
 */
export function duplicateKey(json: string): string | undefined {
  const keys: Set<string>[] = [];
  // the last string, a key if a colon follows
  let text = "";
  for (let i = 0; i < json.length; i++) {
    if (json[i] === "{") keys.push(new Set());
    else if (json[i] === "}") keys.pop();
    else if (json[i] === '"') {
      const end = stringEnd(json, i);
      text = json.slice(i, end);
      i = end - 1;
    } else if (json[i] === ":") {
      const key: string = JSON.parse(text);
      const known = keys[keys.length - 1];
      if (known.has(key)) return key;
      known.add(key);
    }
  }
  return undefined;
}
