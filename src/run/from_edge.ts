import { end, Fault, type ItemSource, type Pulled } from "../inputs/items.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { Ending } from "../model/outcome.ts";
import type { Feed } from "../model/verdict.ts";
import type { Spool } from "../runtime/spool.ts";
import { ItemQueue } from "./item_queue.ts";
import type { Payload } from "./payload.ts";

/** A consumer this far behind holds its producer back. */
const farBehind = 1_000;

/** What one ended run of a producer gives its consumer. */
export interface FromEntry {
  readonly payload: Payload;
  readonly ending: Ending;
  readonly outputs: ValueMap | null;
  readonly saved: string | null;
  /** The elements of `each` that were not given before, or why there are none; null without. */
  readonly elements: Feed | { readonly broken: string } | null;
}

/** @see FromEdge */
export interface FromEdgeOptions {
  /** Name of the task whose runs are gone through, for messages. */
  readonly producer: string;
  readonly hasEach: boolean;
  readonly spool: Spool;
  /** The producer was held back and may go on; called from within `next`. */
  onRelease(): void;
}

/**
 * The way from one task to another that has `foreach: { from }`: what runs give on one side are items on the other, while
 * the first still runs. A producer never waits here while it holds a slot: it is asked before it starts another run.
 */
export class FromEdge implements ItemSource {
  /** Index of the producer's run that the item given last comes from: the report's order goes by it. */
  lastOrigin = 0;
  readonly #options: FromEdgeOptions;
  readonly #queue: ItemQueue;
  #isHolding = false;
  #finished = false;
  #closed = false;
  #asked: ((pulled: Pulled) => void) | null = null;

  constructor(options: FromEdgeOptions) {
    this.#options = options;
    this.#queue = new ItemQueue(options.spool);
  }

  get producer(): string {
    return this.#options.producer;
  }

  get hasEach(): boolean {
    return this.#options.hasEach;
  }

  /** Items that wait. */
  get behind(): number {
    return this.#queue.size;
  }

  /** Asked before a run of the producer starts; `onRelease` tells when it may be asked again. */
  holdsBack(): boolean {
    return this.#isHolding = this.behind > farBehind;
  }

  /** A run of the producer, which has this index, gives an item before it has ended. */
  give(element: Value, origin: number): void {
    if (this.#closed) return;
    this.#queue.push(element, origin);
    this.#answer();
  }

  /** A run of the producer ended. */
  push(entry: FromEntry): void {
    if (this.#closed) return;
    this.#add(entry);
    this.#answer();
  }

  /** The producer has ended. */
  finish(): void {
    this.#finished = true;
    this.#answer();
  }

  next(): Pulled | Promise<Pulled> {
    const taken = this.#take();
    if (taken !== undefined) return taken;
    return new Promise((resolve) => this.#asked = resolve);
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#release();
    this.#answer();
  }

  #add({ payload, ending, outputs, saved, elements }: FromEntry): void {
    const { key, item, matrix, index } = payload;
    const put = (pulled: Pulled) => this.#queue.push(pulled, index);
    if (ending.outcome !== "ok") {
      const message = `the run of "${this.producer}" it comes from ended ${ending.outcome}`;
      return put(new Fault(message, { key, item, matrix }, whyNothing(ending)));
    }
    if (!this.hasEach) return put({ key, item, matrix, outputs, saved });
    if (elements === null) return;
    if ("broken" in elements) return put(new Fault(elements.broken, { key, item, matrix }));
    if (!("pieces" in elements)) return elements.forEach(put);
    for (const { count, read } of elements.pieces) {
      this.#queue.pushLater(count, () => read().map((element) => ({ item: element, origin: index })));
    }
  }

  #take(): Pulled | undefined {
    const queued = this.#queue.shift();
    if (queued === undefined) return this.#finished || this.#closed ? end : undefined;
    this.lastOrigin = queued.origin;
    this.#release();
    return queued.item;
  }

  #release(): void {
    if (!this.#isHolding || this.behind > farBehind) return;
    this.#isHolding = false;
    this.#options.onRelease();
  }

  #answer(): void {
    if (this.#asked === null) return;
    const taken = this.#take();
    if (taken === undefined) return;
    const asked = this.#asked;
    this.#asked = null;
    asked(taken);
  }
}

/** A run that the end of the whole run kept from its result keeps what comes from it from running, no more. */
function whyNothing(ending: Ending): "if" | "dependency" | "not_run" {
  if (ending.outcome === "not_run" || ending.outcome === "cancelled") return "not_run";
  return ending.outcome === "skipped" && ending.reason === "if" ? "if" : "dependency";
}
