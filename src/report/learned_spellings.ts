import { anchorLength, type Spelling } from "./secret_spellings.ts";

const filterBits = 16;

interface Entry {
  readonly spelling: Spelling;
  /** Made when its anchor is first seen. */
  pattern?: RegExp;
}

/**
 * Spellings of secrets that come to be known while a run goes on: tokens, perhaps one for each of many inputs.
 *
 * One pattern over all of them would have to be made again for each, and would be slow to search with. So each spelling is
 * found by six of its letters: a text is read once, whatever the number of secrets, and only what has its letters in the
 * text is searched for.
 */
export class LearnedSpellings {
  readonly #byAnchor = new Map<string, Entry[]>();
  /** Hashes of anchors that exist: nearly every place of an innocent text ends here. */
  readonly #filter = new Uint8Array(1 << filterBits);
  /** Spellings without an anchor are searched for always. */
  readonly #always: Entry[] = [];

  add(spelling: Spelling): void {
    const { anchor } = spelling;
    if (anchor === null) {
      this.#always.push({ spelling });
      return;
    }
    const entries = this.#byAnchor.get(anchor);
    if (entries === undefined) this.#byAnchor.set(anchor, [{ spelling }]);
    else entries.push({ spelling });
    let hash = 0;
    for (let i = 0; i < anchorLength; i++) hash = Math.imul(hash, 31) + anchor.charCodeAt(i) | 0;
    this.#filter[slotOf(hash)] = 1;
  }

  /** Patterns that may match somewhere in the text, each once. `compile` makes what is not made yet. */
  patternsFor(text: string, compile: (spelling: Spelling) => RegExp): RegExp[] {
    if (this.#byAnchor.size === 0 && this.#always.length === 0) return none;
    const found = new Set<Entry>(this.#always);
    let hash = 0;
    for (let i = 0; i < text.length; i++) {
      if (i >= anchorLength) hash = hash - Math.imul(text.charCodeAt(i - anchorLength), outgoing) | 0;
      hash = Math.imul(hash, 31) + text.charCodeAt(i) | 0;
      if (this.#filter[slotOf(hash)] === 0 || i < anchorLength - 1) continue;
      const entries = this.#byAnchor.get(text.slice(i - anchorLength + 1, i + 1));
      if (entries !== undefined) { for (const entry of entries) found.add(entry); }
    }
    return [...found].map((entry) => entry.pattern ??= compile(entry.spelling));
  }
}

const none: RegExp[] = [];

/** 31 to the power of 5: what the letter that leaves the window has been multiplied by. */
const outgoing = 31 ** (anchorLength - 1);

function slotOf(hash: number): number {
  return (hash ^ hash >>> filterBits) & ((1 << filterBits) - 1);
}
