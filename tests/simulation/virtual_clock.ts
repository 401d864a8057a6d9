import { TimeHeap } from "../../src/engine/heap.ts";
import type { EngineClock } from "../../src/engine/types.ts";

/** Time that passes only when nothing else can happen: microtasks are drained, then the earliest timer fires. */
export class VirtualClock implements EngineClock {
  #now = 0;
  #armedAt = Infinity;
  #wake = () => {};
  readonly #events = new TimeHeap<() => void>();
  readonly #soon: (() => void)[] = [];
  #wasHeldUp = false;
  /** Called when all that was to be done at this time has been done. */
  onQuiet = () => {};

  now(): number {
    return this.#now;
  }

  arm(at: number, wake: () => void): void {
    this.#armedAt = at;
    this.#wake = wake;
  }

  disarm(): void {
    this.#armedAt = Infinity;
  }

  soon(wake: () => void): void {
    this.#soon.push(wake);
  }

  /** A scripted event. */
  sleep(ms: number, then: () => void): void {
    this.#events.push(this.#now + ms, then);
  }

  /** The program stands still: then its timer comes first, and what happened meanwhile after it. */
  holdUp(ms: number): void {
    this.#now += ms;
    this.#wasHeldUp = true;
  }

  /** Runs until `done` settles. @throws when nothing can happen any more and it has not, a deadlock, or when it goes round for ever. */
  async run(done: Promise<unknown>): Promise<void> {
    let over = false;
    done.then(() => over = true, () => over = true);
    for (let turns = 0;; turns++) {
      await macrotask();
      if (over) return;
      if (turns > turnLimit) throw new Error(`at ${this.#now} ms no end is in sight after ${turns} turns`);
      const soon = this.#soon.splice(0);
      if (soon.length > 0) {
        for (const wake of soon) wake();
        continue;
      }
      const at = Math.min(this.#events.earliest, this.#armedAt);
      if (at > this.#now) this.onQuiet();
      if (at === Infinity) throw new Error(`deadlock at ${this.#now} ms: no timer and not finished`);
      this.#now = Math.max(this.#now, at);
      const timerFirst = this.#wasHeldUp && this.#armedAt <= this.#now;
      this.#wasHeldUp = false;
      if (this.#events.earliest <= this.#armedAt && !timerFirst) this.#events.pop()();
      else {
        this.#armedAt = Infinity;
        this.#wake();
      }
    }
  }
}

const turnLimit = 2_000_000;

/** One macrotask drains every microtask, however long their chain; no count has to be guessed. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
