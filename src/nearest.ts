/** Changes of one letter that make b of a. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[b.length];
}

const plain = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The word that a mistyped one most likely means, whatever its case and hyphens; undefined where none is like it. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = plain(word);
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const candidate of known) {
    const changes = distance(typed, plain(candidate));
    if (changes >= fewest) continue;
    best = candidate;
    fewest = changes;
  }
  return best;
}
