import { Fault, type Pulled } from "../inputs/items.ts";
import type { Spool } from "../runtime/spool.ts";

/** An item on its way to a task, and the index of the run it comes from. */
export interface Queued {
  readonly item: Pulled;
  readonly origin: number;
}

/** Items that are put aside together. */
const pieceItems = 256;
/** So many wait in memory: more than a producer that is held back leaves behind. */
const itemsInMemory = 2_048;

/**
 * Items that wait, first in, first out. However many there are, some thousand of them are in memory, the others in a spool.
 *
 * Invariant: they leave by `#first`, then `#pieces`, then `#last`, which is where they come in.
 */
export class ItemQueue {
  /** Items that wait. */
  size = 0;
  readonly #spool: Spool;
  #first: readonly Queued[] = [];
  /** Of `#first`, the next one. */
  #at = 0;
  #pieces: Piece[] = [];
  #last: Queued[] = [];
  #inMemory = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  push(item: Pulled, origin: number): void {
    this.size++;
    this.#inMemory++;
    if (this.#last.push({ item, origin }) >= pieceItems) this.#closeLast();
  }

  /** Adds items that are read when their turn comes. */
  pushLater(count: number, read: () => readonly Queued[]): void {
    if (this.#last.length > 0) this.#closeLast();
    this.#pieces.push({ count, read, isInMemory: false });
    this.size += count;
  }

  shift(): Queued | undefined {
    while (this.#at === this.#first.length) {
      if (this.size === 0) return undefined;
      this.#takeFirst();
    }
    this.size--;
    return this.#first[this.#at++];
  }

  clear(): void {
    this.#first = this.#last = [];
    this.#pieces = [];
    this.size = this.#at = this.#inMemory = 0;
    this.#spool.clear();
  }

  #closeLast(): void {
    const items = this.#last;
    this.#last = [];
    const isInMemory = this.#inMemory <= itemsInMemory;
    this.#pieces.push(isInMemory ? pieceOf(items) : putAside(items, this.#spool));
    if (!isInMemory) this.#inMemory -= items.length;
  }

  #takeFirst(): void {
    const piece = this.#pieces.shift();
    this.#at = 0;
    if (piece === undefined) {
      this.#first = this.#last;
      this.#last = [];
      this.#inMemory -= this.#first.length;
      return this.#spool.clear();
    }
    this.#first = piece.read();
    if (piece.isInMemory) this.#inMemory -= piece.count;
  }
}

interface Piece {
  readonly count: number;
  readonly isInMemory: boolean;
  read(): readonly Queued[];
}

function pieceOf(items: readonly Queued[]): Piece {
  return { count: items.length, isInMemory: true, read: () => items };
}

function putAside(items: readonly Queued[], spool: Spool): Piece {
  const read = spool.put(items.map(packed));
  return { count: items.length, isInMemory: false, read: () => read().map(unpacked) };
}

/** A queued item as plain data. */
type Packed = readonly [origin: number, fault: ConstructorParameters<typeof Fault> | null, item: unknown];

function packed({ item, origin }: Queued): Packed {
  return item instanceof Fault ? [origin, [item.message, item.item, item.skip], null] : [origin, null, item];
}

function unpacked([origin, fault, item]: Packed): Queued {
  return { origin, item: fault === null ? item as Pulled : new Fault(...fault) };
}
