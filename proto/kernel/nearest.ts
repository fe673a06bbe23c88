/** The candidate that is fewest edits away from `word`, or null when none is near enough to have been meant. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const far = Math.max(2, Math.floor(word.length / 3)) + 1;
  const measured = candidates.map((candidate) => ({
    candidate,
    edits: edits(word.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = measured.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits < far ? best.candidate : null;
}

/** Insertions, deletions and replacements that turn `a` into `b`. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
