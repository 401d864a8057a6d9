import { sha256Hex } from "../runtime/hash.ts";

/** A task run, as the plan counts them. */
export interface SaveOwner {
  /** Position in the plan. */
  readonly task: number;
  /** From 0, within the task. */
  readonly index: number;
}

/**
 * Who saves where, over the whole run: two task runs never write one file. Paths are kept as 64-bit fingerprints,
 * 16 to 32 bytes each, so that a million saves cost little.
 */
export interface SaveRegister {
  /**
   * Takes a place for a task run; its later attempts get it again.
   *
   * @returns undefined, or who has it: a task run, or what was reserved there ("the config").
   */
  claim(key: string, owner: SaveOwner): SaveOwner | string | undefined;
  /** Keeps an absolute path that no task run may save to: the config, an input, a report. */
  reserve(key: string, what: string): void;
}

/** Keys come from `placeKey`. */
export function makeSaveRegister(): SaveRegister {
  const reserved = new Map<string, string>();
  // Four words each: two of the fingerprint, the task's position plus one (0 is an empty place), the index.
  let slots = new Uint32Array(4 * 1024);
  let used = 0;

  function place(high: number, low: number): number {
    const count = slots.length / 4;
    let slot = low & (count - 1);
    while (slots[4 * slot + 2] !== 0 && (slots[4 * slot] !== high || slots[4 * slot + 1] !== low)) {
      slot = (slot + 1) & (count - 1);
    }
    return 4 * slot;
  }

  function grow(): void {
    const old = slots;
    slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 2] !== 0) slots.set(old.subarray(at, at + 4), place(old[at]!, old[at + 1]!));
    }
  }

  return {
    claim(key, { task, index }) {
      const what = reserved.get(key);
      if (what !== undefined) return what;
      const hash = sha256Hex(key);
      const high = parseInt(hash.slice(0, 8), 16);
      const low = parseInt(hash.slice(8, 16), 16);
      const at = place(high, low);
      if (slots[at + 2] === 0) {
        slots.set([high, low, task + 1, index], at);
        if (++used > slots.length / 4 / 2) grow();
        return undefined;
      }
      const owner = { task: slots[at + 2]! - 1, index: slots[at + 3]! };
      return owner.task === task && owner.index === index ? undefined : owner;
    },
    reserve: (key, what) => {
      reserved.set(key, what);
    },
  };
}
