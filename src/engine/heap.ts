/** A binary heap of values by time; equal times leave in the order they came. */
export class TimeHeap<T> {
  readonly #entries: { at: number; sequence: number; value: T }[] = [];
  #sequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest time; Infinity when empty. */
  get earliest(): number {
    return this.#entries.length > 0 ? this.#entries[0]!.at : Infinity;
  }

  /** All values, in no order. */
  *values(): Generator<T> {
    for (const { value } of this.#entries) yield value;
  }

  push(at: number, value: T): void {
    const entries = this.#entries;
    const entry = { at, sequence: this.#sequence++, value };
    let hole = entries.push(entry) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!comesBefore(entry, entries[parent]!)) break;
      entries[hole] = entries[parent]!;
      hole = parent;
    }
    entries[hole] = entry;
  }

  /** Removes what `matches`, in no order. */
  takeWhere(matches: (value: T, at: number) => boolean): T[] {
    if (!this.#entries.some(({ at, value }) => matches(value, at))) return [];
    const taken: T[] = [];
    for (const { at, value } of this.#entries.splice(0).sort((a, b) => a.sequence - b.sequence)) {
      if (matches(value, at)) taken.push(value);
      else this.push(at, value);
    }
    return taken;
  }

  /** Removes the earliest. @throws RangeError when empty. */
  pop(): T {
    const entries = this.#entries;
    if (entries.length === 0) throw new RangeError("the heap is empty");
    const top = entries[0]!;
    const last = entries.pop()!;
    if (entries.length > 0) {
      let hole = 0;
      for (let child = 1; child < entries.length; child = 2 * hole + 1) {
        if (child + 1 < entries.length && comesBefore(entries[child + 1]!, entries[child]!)) child++;
        if (comesBefore(last, entries[child]!)) break;
        entries[hole] = entries[child]!;
        hole = child;
      }
      entries[hole] = last;
    }
    return top.value;
  }
}

function comesBefore(a: { at: number; sequence: number }, b: { at: number; sequence: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
