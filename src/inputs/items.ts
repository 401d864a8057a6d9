import type { Value } from "../model/json.ts";

/** The items of one `foreach`, in order, each made when it is asked for. */
export interface ItemSource {
  /**
   * The next item, {@link end}, or what is wrong: at once whenever it is already there.
   * Never throws and never rejects for what a source does; not called again after `end` or a fault that is final.
   */
  next(): Pulled | Promise<Pulled>;
  /** Lets go of files and stdin. May be called at any time, more than once. */
  close(): void;
  /** How many items there are, where that is known without reading them. */
  readonly count?: number;
}

/** True for an item, false for the end and for a fault. */
export function isItem(pulled: Pulled): pulled is Value {
  return pulled !== end && !(pulled instanceof Fault);
}

/** What a source gives. */
export type Pulled = Value | Fault | typeof end;

/** No more items. A symbol, since null is an item like any other. */
export const end: unique symbol = Symbol("end of items");

/** Stands in the place of an item that could not be made. */
export class Fault {
  constructor(
    /** What failed, where, what to do. */
    readonly message: string,
    /** The item that an expression failed on, when the items after it are not concerned; undefined when the source ends here. */
    readonly item?: Value,
    /** Why it is left out rather than failed: the task it comes from gave nothing for it. */
    readonly skip?: "if" | "dependency" | "not_run",
  ) {}

  /** The source broke: nothing follows. */
  get isFinal(): boolean {
    return this.item === undefined;
  }
}

/** A source whose items are all there. */
export class ListItems implements ItemSource {
  readonly count: number;
  #position = 0;

  constructor(readonly items: readonly Value[]) {
    this.count = items.length;
  }

  next(): Pulled {
    return this.#position < this.items.length ? this.items[this.#position++]! : end;
  }

  close(): void {
    this.#position = this.items.length;
  }
}

/** A source that cannot even begin. */
export class BrokenItems implements ItemSource {
  constructor(readonly message: string) {}

  next(): Pulled {
    return new Fault(this.message);
  }

  close(): void {}
}

/**
 * A source that has to wait before it can begin: for a glob, a document, a parser. `open` is called at most once, `cancel`
 * when it is closed meanwhile.
 */
export class LaterItems implements ItemSource {
  #items: ItemSource | null = null;
  #closed = false;

  constructor(readonly open: () => Promise<ItemSource>, readonly cancel: () => void = () => {}) {}

  next(): Pulled | Promise<Pulled> {
    return this.#items === null ? this.#openFirst() : this.#items.next();
  }

  close(): void {
    this.#closed = true;
    this.cancel();
    this.#items?.close();
  }

  async #openFirst(): Promise<Pulled> {
    if (this.#closed) return end;
    this.#items = await this.open();
    if (this.#closed) this.#items.close();
    return this.#items.next();
  }
}
