import { type Outcome, outcomes } from "../model/outcome.ts";

/** Where the record of a task run lies. */
export interface RecordPlace {
  /** Which of the journals, from 0. */
  readonly file: number;
  readonly position: number;
  readonly length: number;
  readonly outcome: Outcome;
}

/** Of a slot's file number: none is there. */
const free = 0;

/**
 * Places of records by the first 64 bits of their id: about 40 bytes each, a quarter of what a map of texts takes.
 * Two ids may share these bits: whoever asks compares the whole id with the record's.
 */
export class IdTable {
  #capacity = 1024;
  #columns = makeColumns(this.#capacity);
  #size = 0;

  /** Keeps the place unless there is one already; then it gives false. */
  add(idHigh: number, idLow: number, place: RecordPlace): boolean {
    if (this.#size * 3 >= this.#capacity * 2) this.#grow();
    const { columns, slot } = this.#find(idHigh, idLow);
    if (columns.files[slot] !== free) return false;
    this.#size++;
    columns.highs[slot] = idHigh;
    columns.lows[slot] = idLow;
    columns.files[slot] = place.file + 1;
    columns.positions[slot] = place.position;
    columns.lengths[slot] = place.length;
    columns.outcomes[slot] = outcomes.indexOf(place.outcome);
    return true;
  }

  get(idHigh: number, idLow: number): RecordPlace | null {
    const { columns, slot } = this.#find(idHigh, idLow);
    if (columns.files[slot] === free) return null;
    return {
      file: columns.files[slot]! - 1,
      position: columns.positions[slot]!,
      length: columns.lengths[slot]!,
      outcome: outcomes[columns.outcomes[slot]!]!,
    };
  }

  get size(): number {
    return this.#size;
  }

  /** The slot of this id, or the free one where it would go. */
  #find(idHigh: number, idLow: number): { columns: Columns; slot: number } {
    const columns = this.#columns;
    let slot = idLow & (this.#capacity - 1);
    while (
      columns.files[slot] !== free && (columns.lows[slot] !== idLow || columns.highs[slot] !== idHigh)
    ) {
      slot = (slot + 1) & (this.#capacity - 1);
    }
    return { columns, slot };
  }

  #grow(): void {
    const old = this.#columns;
    this.#capacity *= 2;
    this.#columns = makeColumns(this.#capacity);
    for (let from = 0; from < old.files.length; from++) {
      if (old.files[from] === free) continue;
      const { columns, slot } = this.#find(old.highs[from]!, old.lows[from]!);
      columns.highs[slot] = old.highs[from]!;
      columns.lows[slot] = old.lows[from]!;
      columns.files[slot] = old.files[from]!;
      columns.positions[slot] = old.positions[from]!;
      columns.lengths[slot] = old.lengths[from]!;
      columns.outcomes[slot] = old.outcomes[from]!;
    }
  }
}

type Columns = ReturnType<typeof makeColumns>;

function makeColumns(capacity: number) {
  return {
    highs: new Uint32Array(capacity),
    lows: new Uint32Array(capacity),
    positions: new Float64Array(capacity),
    lengths: new Uint32Array(capacity),
    files: new Uint16Array(capacity),
    outcomes: new Uint8Array(capacity),
  };
}
