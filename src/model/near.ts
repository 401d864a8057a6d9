/**
 * The known word that was probably meant; undefined when none is near.
 * Letter case, `-` and `_` are no difference; else about one slip in three letters is.
 */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 0.5;
  const plain = simplified(given);
  for (const candidate of known) {
    const distance = editDistance(plain, simplified(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined) return best;
  // `retries` is too far from `retry` by its letters, but begins like it; so is `minimum` from `min`.
  const beginning = plain.slice(0, 4);
  for (const candidate of known) {
    const simple = simplified(candidate);
    if (beginning.length === 4 && simple.startsWith(beginning)) return candidate;
    if (simple.length >= 3 && plain.startsWith(simple)) return candidate;
  }
  return undefined;
}

/** `; did you mean "url"?`, or the known words when none is near and there are few. */
export function hint(
  given: string,
  known: readonly string[],
  what = "known keys",
  meant = nearest(given, known),
): string {
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  if (known.length === 0) return "";
  return `; ${what} are ${known.join(", ")}`;
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function simplified(word: string): string {
  return word.slice(0, 64).toLowerCase().replace(/[-_]/g, "");
}

/** Levenshtein's, with a swap of two neighbours counted as one slip. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1);
      next.push(cost);
    }
    [before, last] = [last, next];
  }
  return last[b.length]!;
}
