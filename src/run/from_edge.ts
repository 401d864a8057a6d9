import type { ItemSource, Pulled } from "../inputs/items.ts";
import { end, Fault } from "../inputs/items.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { Ending } from "../model/outcome.ts";
import type { Payload } from "./payload.ts";

/** A consumer this far behind holds its producer back. */
const farBehind = 1_000;

/** What one ended run of a producer gives its consumer. */
export interface FromEntry {
  readonly payload: Payload;
  readonly ending: Ending;
  readonly outputs: ValueMap | null;
  readonly saved: string | null;
  /** The elements of `each`, or why there are none; null without. */
  readonly elements: readonly Value[] | { readonly broken: string } | null;
}

/**
 * The way from one task to another that has `foreach: { from }`: runs that end on one side are items on the other, while
 * the first still runs. A producer never waits here while it holds a slot: it is asked before it starts another run.
 */
export class FromEdge implements ItemSource {
  /** Index of the producer's run that the item given last comes from: the report's order goes by it. */
  lastOrigin = 0;
  readonly #waiting: { readonly item: Pulled; readonly origin: number }[] = [];
  #head = 0;
  #isHolding = false;
  #finished = false;
  #closed = false;
  #asked: ((pulled: Pulled) => void) | null = null;

  /** @param producer the task's name, for messages */
  constructor(readonly producer: string, readonly hasEach: boolean) {}

  /** Items that wait. */
  get behind(): number {
    return this.#waiting.length - this.#head;
  }

  /** Asked before a run of the producer starts; {@link releases} tells when it may be asked again. */
  holdsBack(): boolean {
    return this.#isHolding = this.behind > farBehind;
  }

  /** True once, when a producer that was held back may go on. */
  releases(): boolean {
    if (!this.#isHolding || this.behind > farBehind) return false;
    this.#isHolding = false;
    return true;
  }

  /** A run of the producer ended. */
  push(entry: FromEntry): void {
    if (this.#closed) return;
    for (const item of this.#itemsOf(entry)) this.#waiting.push({ item, origin: entry.payload.index });
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
    this.#waiting.length = 0;
    this.#head = 0;
    this.#answer();
  }

  #itemsOf({ payload, ending, outputs, saved, elements }: FromEntry): Pulled[] {
    const { key, item, matrix } = payload;
    if (ending.outcome !== "ok") {
      const message = `the run of "${this.producer}" it comes from ended ${ending.outcome}`;
      return [new Fault(message, { key, item, matrix }, whyNothing(ending))];
    }
    if (!this.hasEach || elements === null) {
      return this.hasEach ? [] : [{ key, item, matrix, outputs, saved }];
    }
    return "broken" in elements ? [new Fault(elements.broken, { key, item, matrix })] : [...elements];
  }

  #take(): Pulled | undefined {
    if (this.#head < this.#waiting.length) {
      const { item, origin } = this.#waiting[this.#head++]!;
      // Only now and then: shifting an array moves all of it.
      if (this.#head > farBehind) this.#waiting.splice(0, this.#head), this.#head = 0;
      this.lastOrigin = origin;
      return item;
    }
    return this.#finished || this.#closed ? end : undefined;
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
