import type { AttemptCall } from "./call.ts";
import { TimeHeap } from "./heap.ts";

/**
 * Timeouts of one duration expire in the order they began: a list, with O(1) add and remove, instead of a heap or a
 * timer each.
 */
export class TimeoutList {
  head: AttemptCall | null = null;
  #tail: AttemptCall | null = null;

  add(call: AttemptCall, deadline: number): void {
    call.deadline = deadline;
    call.list = this;
    call.previous = this.#tail;
    call.next = null;
    if (this.#tail) this.#tail.next = call;
    else this.head = call;
    this.#tail = call;
  }

  remove(call: AttemptCall): void {
    if (call.previous) call.previous.next = call.next;
    else this.head = call.next;
    if (call.next) call.next.previous = call.previous;
    else this.#tail = call.previous;
    call.previous = call.next = call.list = null;
  }
}

/** The deadlines of all attempts in flight. */
export class Deadlines {
  readonly #byDuration = new Map<number, TimeoutList>();
  /** Those cut short by a total timeout: they do not expire in the order they began. */
  readonly #irregular = new TimeHeap<AttemptCall>();

  /** `durationMs` is one of a few fixed ones when `regular`. */
  add(call: AttemptCall, durationMs: number, regular: boolean): void {
    const deadline = call.startedAt + durationMs;
    if (!regular) {
      call.deadline = deadline;
      this.#irregular.push(deadline, call);
      return;
    }
    let list = this.#byDuration.get(durationMs);
    if (list === undefined) this.#byDuration.set(durationMs, list = new TimeoutList());
    list.add(call, deadline);
  }

  remove(call: AttemptCall): void {
    call.list?.remove(call);
  }

  /** Hands over every call whose deadline has come. */
  expire(now: number, onExpired: (call: AttemptCall) => void): void {
    for (const list of this.#byDuration.values()) {
      while (list.head !== null && list.head.deadline <= now) {
        const call = list.head;
        list.remove(call);
        onExpired(call);
      }
    }
    while (this.#irregular.earliest <= now) {
      const call = this.#irregular.pop();
      if (!call.settled) onExpired(call);
    }
  }

  /** The earliest deadline; Infinity when there is none. */
  get earliest(): number {
    let earliest = this.#irregular.earliest;
    for (const list of this.#byDuration.values()) {
      if (list.head !== null && list.head.deadline < earliest) earliest = list.head.deadline;
    }
    return earliest;
  }
}
