import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom, VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import type { ItemCall, Settled } from "./concurrent_run.ts";
import type { Items } from "./item_source.ts";
import { runConcurrent, type RunConcurrentOptions } from "./run_concurrent.ts";

function sleep(clock: VirtualClock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    clock.sleep(ms, resolve);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

async function collect<T, R>(
  clock: VirtualClock,
  fn: (item: T, call: ItemCall) => R | Promise<R>,
  items: Items<T>,
  options: RunConcurrentOptions = {},
) {
  const settled: Settled<T, R>[] = [];
  let error: unknown;
  const results = runConcurrent({ clock, random: seededRandom(7) }, fn, items, options);
  const done = (async () => {
    for await (const result of results) settled.push(result);
  })().catch((caught) => error = caught);
  await clock.run(done);
  return { settled, error, ms: clock.now() };
}

test("runConcurrent() yields a result for every item, failed ones too", async () => {
  const clock = new VirtualClock();
  const fn = async (item: number) => {
    await sleep(clock, 10);
    if (item === 2) throw new Error("two");
    return item * 10;
  };
  const { settled, error } = await collect(clock, fn, [1, 2, 3], { concurrency: 2 });
  assert.equal(error, undefined);
  assert.deepEqual(
    settled.map(({ index, item, ok, attempts, durationMs }) => ({ index, item, ok, attempts, durationMs })),
    [
      { index: 0, item: 1, ok: true, attempts: 1, durationMs: 10 },
      { index: 1, item: 2, ok: false, attempts: 1, durationMs: 10 },
      { index: 2, item: 3, ok: true, attempts: 1, durationMs: 10 },
    ],
  );
  assert.equal(settled[0]!.ok && settled[0]!.value, 10);
  assert.equal(!settled[1]!.ok && (settled[1]!.error as Error).message, "two");
});

test("runConcurrent() yields in input order, or as items end", async () => {
  for (const [order, expected] of [["input", [30, 10, 20]], ["completion", [10, 20, 30]]] as const) {
    const clock = new VirtualClock();
    const { settled } = await collect(clock, (ms: number) => sleep(clock, ms), [30, 10, 20], { order });
    assert.deepEqual(settled.map(({ item }) => item), expected);
  }
});

test("runConcurrent() ends every item exactly once, whatever fails, within its concurrency", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.nat(30), failures: fc.nat(3) }), { maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom("input", "completion"),
      async (items, concurrency, order) => {
        const clock = new VirtualClock();
        let running = 0;
        let peak = 0;
        const fn = async ({ ms, failures }: { ms: number; failures: number }, { attempt }: ItemCall) => {
          peak = Math.max(peak, ++running);
          await sleep(clock, ms);
          running--;
          if (attempt <= failures) throw new Error("again");
          return attempt;
        };
        const { settled } = await collect(clock, fn, items, { concurrency, order, retry: 3 });
        assert.ok(peak <= concurrency);
        assert.deepEqual(settled.map(({ index }) => index).sort((a, b) => a - b), items.map((_, i) => i));
        for (const { item, ok, attempts } of settled) {
          assert.equal(ok, item.failures < 3);
          assert.equal(attempts, Math.min(3, item.failures + 1));
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("runConcurrent() waits for a retry outside its place", async () => {
  const clock = new VirtualClock();
  const begun: string[] = [];
  const fn = async (item: string, { attempt }: ItemCall) => {
    begun.push(`${item}${attempt} at ${clock.now()}`);
    await sleep(clock, 10);
    if (item === "a" && attempt === 1) throw new Error("again");
  };
  const retry = { attempts: 2, initialMs: 100, jitter: "none" as const };
  await collect(clock, fn, ["a", "b", "c"], { concurrency: 1, retry });
  assert.deepEqual(begun, ["a1 at 0", "b1 at 10", "c1 at 20", "a2 at 110"]);
});

test("runConcurrent() draws the wait from the whole of the backoff", async () => {
  const clock = new VirtualClock();
  const starts: number[] = [];
  const fn = () => {
    starts.push(clock.now());
    throw new Error("always");
  };
  const { settled } = await collect(clock, fn, [1], { retry: { attempts: 5, initialMs: 100, maxMs: 300 } });
  assert.equal(settled[0]!.attempts, 5);
  const waits = starts.slice(1).map((at, i) => at - starts[i]!);
  waits.forEach((wait, i) =>
    assert.ok(wait >= 0 && wait <= [100, 200, 300, 300][i]!, `wait ${i} was ${wait}`)
  );
  assert.ok(new Set(waits).size > 1);
});

test("runConcurrent() tries again only what is worth it", async () => {
  const clock = new VirtualClock();
  const when = (error: unknown) => (error as Error).message === "soft";
  const fn = (message: string) => {
    throw new Error(message);
  };
  const retry = { attempts: 3, initialMs: 1, when };
  const { settled } = await collect(clock, fn, ["soft", "hard"], { retry });
  assert.deepEqual(settled.map(({ attempts }) => attempts), [3, 1]);
});

test("runConcurrent() tries a thousand failing items as often as it is told", async () => {
  const clock = new VirtualClock();
  const items = Array.from({ length: 1_000 }, (_, i) => i);
  const fn = async () => {
    await sleep(clock, 1);
    throw new Error("down");
  };
  const { settled, ms } = await collect(clock, fn, items, { retry: { attempts: 3, initialMs: 1 } });
  assert.ok(settled.every(({ attempts }) => attempts === 3));
  assert.ok(ms < 1_000, `took ${ms} ms`);
});

test("runConcurrent() aborts a try's signal at its timeout and keeps its place until it has ended", async () => {
  const clock = new VirtualClock();
  let running = 0;
  let peak = 0;
  const reasons: unknown[] = [];
  const fn = async (stubbornMs: number, { signal }: ItemCall) => {
    peak = Math.max(peak, ++running);
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    await sleep(clock, stubbornMs);
    running--;
    return "too late";
  };
  const { settled, ms } = await collect(clock, fn, [100, 100], { concurrency: 1, timeoutMs: 20 });
  assert.equal(peak, 1);
  assert.equal(ms, 200);
  for (const [i, result] of settled.entries()) {
    assert.ok(!result.ok);
    assert.equal((result.error as DOMException).name, "TimeoutError");
    assert.equal(result.error, reasons[i]);
    assert.equal(result.durationMs, 100);
  }
});

test("runConcurrent() retries a try that timed out", async () => {
  const clock = new VirtualClock();
  const fn = (_: null, { attempt, signal }: ItemCall) => sleep(clock, attempt === 1 ? 1_000 : 5, signal);
  const { settled } = await collect(clock, fn, [null], {
    timeoutMs: 20,
    retry: { attempts: 2, initialMs: 1 },
  });
  assert.ok(settled[0]!.ok);
  assert.equal(settled[0]!.attempts, 2);
});

test("runConcurrent() yields what was running when its signal is aborted, then throws the reason", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const reason = new Error("enough");
  clock.sleep(15, () => controller.abort(reason));
  const fn = async (item: number, { signal }: ItemCall) => {
    await sleep(clock, 10, signal);
    return item;
  };
  const { settled, error, ms } = await collect(clock, fn, [1, 2, 3, 4, 5, 6], {
    concurrency: 2,
    signal: controller.signal,
    retry: 5,
  });
  assert.equal(error, reason);
  assert.deepEqual(settled.map(({ item, ok }) => [item, ok]), [[1, true], [2, true], [3, false], [4, false]]);
  assert.equal(!settled[2]!.ok && settled[2]!.error, reason);
  assert.equal(ms, 15);
});

test("runConcurrent() aborts what runs when the consumer leaves, and waits for it", async () => {
  const clock = new VirtualClock();
  let began = 0;
  let running = 0;
  let aborted = 0;
  const fn = async (item: number, { signal }: ItemCall) => {
    began++;
    running++;
    signal.addEventListener("abort", () => aborted++);
    await sleep(clock, item === 0 ? 1 : 50);
    running--;
  };
  const results = runConcurrent({ clock, random: Math.random }, fn, [0, 1, 2, 3, 4], { concurrency: 3 });
  await clock.run((async () => {
    for await (const _ of results) break;
  })());
  assert.equal(running, 0);
  assert.ok(began > 1 && began < 5);
  assert.equal(aborted, began - 1, "all but the one that was done");
});

test("runConcurrent() adds one listener to the signal and takes it away", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  let listeners = 0;
  let added = 0;
  const signal = new Proxy(controller.signal, {
    get(target, name) {
      if (name === "addEventListener") return () => (listeners++, added++);
      if (name === "removeEventListener") return () => listeners--;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await collect(clock, (i: number) => i, Array.from({ length: 100 }, (_, i) => i), { signal });
  assert.deepEqual([added, listeners], [1, 0]);
});

test("runConcurrent() tells progress after each item", async () => {
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const fn = (item: number) => {
    if (item === 2) throw new Error("two");
  };
  await collect(clock, fn, [1, 2, 3], { concurrency: 1, onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(seen, [
    { ended: 1, ok: 1, failed: 0, total: 3 },
    { ended: 2, ok: 1, failed: 1, total: 3 },
    { ended: 3, ok: 2, failed: 1, total: 3 },
  ]);
});

test("runConcurrent() throws what onProgress throws, and leaves nothing running", async () => {
  const clock = new VirtualClock();
  let running = 0;
  const fn = async (item: number, { signal }: ItemCall) => {
    running++;
    try {
      await sleep(clock, item, signal);
    } finally {
      running--;
    }
  };
  const onProgress = () => {
    throw new Error("progress is broken");
  };
  const { error } = await collect(clock, fn, [1, 50, 60, 70], { concurrency: 2, onProgress });
  assert.equal((error as Error).message, "progress is broken");
  assert.equal(running, 0);
});

test("runConcurrent() holds a bounded number of results for a consumer that takes its time", async () => {
  const clock = new VirtualClock();
  let begun = 0;
  function* endless() {
    for (let i = 0;; i++) yield i;
  }
  const options = { concurrency: 2, order: "completion" } as const;
  const results = runConcurrent({ clock, random: Math.random }, () => void begun++, endless(), options);
  await clock.run(results.next());
  await clock.run(sleep(clock, 1_000));
  assert.ok(begun <= 1 + 8 * 2, `${begun} begun`);
  await clock.run(results.return!());
});

test("runConcurrent() refuses numbers that make no sense", () => {
  const ports = { clock: new VirtualClock(), random: Math.random };
  for (
    const options of [{ concurrency: 0 }, { concurrency: 2.5 }, { timeoutMs: 0 }, { timeoutMs: NaN }, {
      retry: 0,
    }]
  ) {
    assert.throws(() => runConcurrent(ports, () => {}, [], options), RangeError, JSON.stringify(options));
  }
});
