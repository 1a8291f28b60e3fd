const MAX_SHOWN = 3;
/** Names longer than this are not compared letter by letter. */
const MAX_LENGTH = 100;

/** The known names that `text` is likely meant for: those that hold it, else those a few letters away. Nearest first. */
export function closest(text: string, known: readonly string[]): string[] {
  const holding = known.filter((name) => text.length > 2 && name.includes(text));
  if (holding.length > 0) return holding.slice(0, MAX_SHOWN);
  if (text.length > MAX_LENGTH) return [];
  return known
    .map((name) => ({ name, distance: editDistance(text, name) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SHOWN)
    .map(({ name }) => name);
}

/** Levenshtein's, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
