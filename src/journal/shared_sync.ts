/** Runs one sync at a time, for everybody who asks: those who ask while one runs share the next. */
export class SharedSync {
  #waiting: Waiter[] = [];
  #isRunning = false;

  /** `sync` puts everything that was written before it is called on the disk. */
  constructor(private readonly sync: () => Promise<void>) {}

  /** Resolves after a sync that began after this call; rejects with what it threw. */
  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // A microtask later, so that those who ask in one turn share one sync.
      if (this.#waiting.length === 1 && !this.#isRunning) void Promise.resolve().then(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting.splice(0);
      try {
        await this.sync();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#isRunning = false;
  }
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}
