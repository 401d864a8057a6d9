import type { Pulled, Source } from "../../src/engine/types.ts";
import type { RandomTask } from "./random_world.ts";

/** One input, and what the simulation has seen of it. */
export interface Item {
  readonly name: string;
  readonly task: number;
  /** Of its task's family. */
  readonly poolKey: string | undefined;
  readonly isRecorded: boolean;
  /** The source gave it as one that has ended already. */
  readonly isSkipped: boolean;
  outcome: string | null;
  state: "ready" | "slot" | "out" | "waiting" | "ended";
  /** The number of its next attempt; two while that depends on who was first in one moment. */
  next: number[];
  attempts: number;
  /** The retry budget may put off its next attempt. */
  mayBePutOff: boolean;
  /** When its next attempt may begin, as the engine said. */
  dueAt: number;
  /** What its last attempt found. */
  isPoll: boolean;
  isUnhealthy: boolean;
  /** The next attempt costs the retry budget something. */
  isRetry: boolean;
  hasBegun: boolean;
}

/** A task that others take their items from holds back while one of them is so far behind. */
const farBehind = 5;

/** Inputs that come at once, later, or with another task's endings. */
export class RandomSource implements Source<Item> {
  readonly given: Item[] = [];
  /** Its items are these tasks' items, when they end ok. */
  readonly consumers: RandomSource[] = [];
  #needs: RandomSource | null = null;
  #count: number;
  #isFed: boolean;
  #isFedToTheEnd = false;
  #isExhausted = false;
  /** Asked before its time: the engine will be woken. */
  #isLate = false;
  #isStopped = false;
  /** Of the given, those that have not ended. */
  #open = 0;
  #answer: ((pulled: Pulled<Item> | null) => void) | null = null;

  constructor(
    readonly position: number,
    readonly spec: RandomTask,
    readonly isFamily: boolean,
    readonly random: () => number,
    /** Wakes the engine after so long. */
    readonly wakeIn: (ms: number) => void,
    readonly now: () => number,
  ) {
    this.#isFed = spec.from !== null;
    this.#count = this.#isFed ? 0 : spec.count;
  }

  /** All it gave has ended, and there is no more. */
  get isOver(): boolean {
    return this.#isExhausted && this.#open === 0;
  }

  join(all: readonly RandomSource[]): void {
    if (this.spec.needs !== null) this.#needs = all[this.spec.needs]!;
    if (this.spec.from !== null) all[this.spec.from]!.consumers.push(this);
  }

  pull(): Pulled<Item> | null | undefined | Promise<Pulled<Item> | null | undefined> {
    if (!this.#isStopped) {
      if (this.now() < this.spec.lateMs - 1e-6) {
        if (!this.#isLate) this.wakeIn(this.spec.lateMs - this.now());
        this.#isLate = true;
        return undefined;
      }
      if (this.#needs !== null && !this.#needs.isOver) return undefined;
      if (this.consumers.some((consumer) => consumer.#isBehind)) return undefined;
    }
    if (this.#isFed && this.given.length === this.#count && !this.#isClosed) {
      return new Promise((resolve) => this.#answer = resolve);
    }
    if (this.random() < 0.1) {
      this.wakeIn(1 + this.random() * 30);
      return undefined;
    }
    return this.random() < 0.2 ? Promise.resolve().then(() => this.#give()) : this.#give();
  }

  stopped(): void {
    this.#isStopped = true;
    if (this.#isFed || this.spec.isOnePass) this.#count = this.given.length;
    this.#close();
  }

  /** One of its items has ended; true when a task may go on that it holds back. */
  ended(isOk: boolean): boolean {
    this.#open--;
    for (const consumer of this.consumers) {
      if (isOk && !consumer.#isStopped) consumer.#feed();
      if (this.isOver) consumer.#close();
    }
    return this.isOver;
  }

  get #isClosed(): boolean {
    return this.#isFedToTheEnd || this.#isStopped;
  }

  /** Only a consumer that may run already holds its producer back: or it would wait for what waits for it. */
  get #isBehind(): boolean {
    const mayRun = this.#needs === null || this.#needs.isOver;
    return mayRun && this.#count - this.given.length > farBehind;
  }

  #feed(): void {
    this.#count++;
    this.#answerIfAsked();
  }

  #close(): void {
    this.#isFedToTheEnd = true;
    this.#answerIfAsked();
  }

  #answerIfAsked(): void {
    const answer = this.#answer;
    this.#answer = null;
    answer?.(this.#give());
  }

  #give(): Pulled<Item> | null {
    if (this.given.length >= this.#count) {
      this.#isExhausted = true;
      for (const consumer of this.consumers) if (this.isOver) consumer.#close();
      // Those that wait for its end, or whose consumer has caught up.
      this.wakeIn(0);
      return null;
    }
    const isSkipped = this.random() < 0.05;
    const poolKey = this.isFamily ? `o${Math.floor(this.random() * 4)}` : undefined;
    const item: Item = {
      name: `${this.position}:${this.given.length}`,
      task: this.position,
      poolKey,
      isRecorded: this.random() < this.spec.recorded,
      isSkipped,
      outcome: null,
      state: "ready",
      next: [1],
      attempts: 0,
      dueAt: 0,
      isPoll: false,
      isUnhealthy: false,
      isRetry: false,
      mayBePutOff: false,
      hasBegun: false,
    };
    this.given.push(item);
    this.#open++;
    if (this.#isFed && this.#count - this.given.length === farBehind) this.wakeIn(0);
    return isSkipped
      ? { payload: item, ending: { outcome: "skipped", reason: "if", error: null } }
      : { payload: item, poolKey };
  }

  /** Inputs that have to have ended when all is over. */
  get expected(): number {
    return this.#count;
  }
}
