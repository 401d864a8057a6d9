import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import type { Items } from "./item_source.ts";
import { mappingFailed, pooledMap } from "./pooled_map.ts";

interface Harness {
  readonly clock: VirtualClock;
  /** `fn` that takes an item's milliseconds, and watches how many run at a time. */
  slow<R>(msOf: (item: number) => number, then: (item: number) => R): (item: number) => Promise<R>;
  readonly begun: number[];
  running: number;
  peak: number;
}

function harness(): Harness {
  const clock = new VirtualClock();
  const self: Harness = {
    clock,
    begun: [],
    running: 0,
    peak: 0,
    slow: (msOf, then) => async (item) => {
      self.begun.push(item);
      self.peak = Math.max(self.peak, ++self.running);
      await sleep(clock, msOf(item));
      self.running--;
      return then(item);
    },
  };
  return self;
}

function sleep(clock: VirtualClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.sleep(ms, resolve));
}

/** Runs to the end: the results, the error if there was one, and the time it took. */
async function collect<R>(clock: VirtualClock, results: AsyncIterable<R>) {
  const values: R[] = [];
  let error: unknown;
  const done = (async () => {
    for await (const value of results) values.push(value);
  })().catch((caught) => error = caught);
  await clock.run(done);
  return { values, error, ms: clock.now() };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("pooledMap() yields in input order, never more than the limit at a time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(50), { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      async (delays, limit) => {
        const h = harness();
        const items = delays.map((_, i) => i);
        const map = pooledMap(h.clock, limit, items, h.slow((i) => delays[i]!, (i) => i * 2), undefined);
        const { values, error } = await collect(h.clock, map);
        assert.equal(error, undefined);
        assert.deepEqual(values, items.map((i) => i * 2));
        assert.equal(h.peak, Math.min(limit, items.length));
        assert.equal(h.running, 0);
      },
    ),
    { numRuns: 50 },
  );
});

test("pooledMap() works all the time: 10 items of 100 ms, 5 at a time, take 200 ms", async () => {
  const h = harness();
  const { ms } = await collect(
    h.clock,
    pooledMap(h.clock, 5, range(1, 10), h.slow(() => 100, String), undefined),
  );
  assert.equal(ms, 200);
});

test("pooledMap() begins when it is first asked, and pulls only what there is room for", async () => {
  const h = harness();
  let pulled = 0;
  let closed = false;
  function* endless() {
    try {
      for (;;) yield pulled++;
    } finally {
      closed = true;
    }
  }
  const results = pooledMap(h.clock, 3, endless(), h.slow(() => 10, (i) => i), undefined);
  assert.equal(pulled, 0);
  const first: number[] = [];
  await h.clock.run((async () => {
    for await (const value of results) {
      first.push(value);
      // A consumer that takes its time is not run ahead of for ever.
      await sleep(h.clock, 10_000);
      if (first.length === 2) break;
    }
  })());
  assert.deepEqual(first, [0, 1]);
  assert.ok(pulled <= 2 + 8 * 3 + 1, `pulled ${pulled}`);
  assert.equal(h.running, 0, "what had begun has ended when the loop is left");
  assert.ok(closed);
});

test("pooledMap() keeps working behind a slow item, up to its look-ahead", async () => {
  const h = harness();
  const map = pooledMap(h.clock, 2, range(0, 99), h.slow((i) => i === 0 ? 1_000 : 10, (i) => i), undefined);
  const first = map.next();
  await h.clock.run(first);
  assert.equal(h.begun.length, 16, "8 times the limit");
  await h.clock.run(map.return!());
});

test("pooledMap() begins nothing after a failure, yields what was running, then throws every error", async () => {
  const h = harness();
  const fn = h.slow((i) => [30, 10, 20, 5][i % 4]!, (i) => {
    if (i === 1 || i === 2) throw new Error(`bad ${i}`);
    return i;
  });
  const { values, error } = await collect(h.clock, pooledMap(h.clock, 3, range(0, 20), fn, undefined));
  assert.deepEqual(values, [0]);
  assert.ok(error instanceof AggregateError);
  assert.equal(error.message, mappingFailed);
  assert.deepEqual(error.errors.map((one: Error) => one.message), ["bad 1", "bad 2"]);
  assert.deepEqual(h.begun, [0, 1, 2]);
});

test("pooledMap() takes a synchronous throw for a failure like any other", async () => {
  const h = harness();
  const fn = (i: number): number => {
    if (i === 1) throw new Error("at once");
    return i;
  };
  const { values, error } = await collect(h.clock, pooledMap(h.clock, 1, range(0, 5), fn, undefined));
  assert.deepEqual(values, [0]);
  assert.equal((error as AggregateError).errors.length, 1);
});

function* torn() {
  yield 1;
  yield 2;
  throw new Error("torn");
}

async function* tornLater() {
  yield* torn();
}

const tornItems: readonly (readonly [string, () => Items<number>])[] = [
  ["an iterable", torn],
  ["an async iterable", tornLater],
  ["a promise among the items", () => [1, 2, Promise.reject(new Error("torn"))]],
];
for (const [name, items] of tornItems) {
  test(`pooledMap() ends with the error of ${name} that fails, once what was running has ended`, async () => {
    const h = harness();
    const map = pooledMap(h.clock, 5, items(), h.slow(() => 50, (i) => i), undefined);
    const { values, error } = await collect(h.clock, map);
    assert.deepEqual(values, [1, 2]);
    assert.equal((error as Error).message, "torn");
    assert.equal(h.running, 0);
  });
}

test("pooledMap() takes async iterables and promises of items", async () => {
  const h = harness();
  async function* slowly() {
    for (const i of range(1, 4)) {
      await sleep(h.clock, 5);
      yield i;
    }
  }
  const doubled = await collect(h.clock, pooledMap(h.clock, 2, slowly(), (i) => i * 2, undefined));
  assert.deepEqual(doubled.values, [2, 4, 6, 8]);
  const awaited = await collect(h.clock, pooledMap(h.clock, 2, [Promise.resolve(1), 2], (i) => i, undefined));
  assert.deepEqual(awaited.values, [1, 2]);
});

test("pooledMap() stops pulling when its signal is aborted, and throws the reason once nothing runs", async () => {
  const h = harness();
  const controller = new AbortController();
  h.clock.sleep(25, () => controller.abort(new Error("enough")));
  const map = pooledMap(h.clock, 2, range(0, 1_000), h.slow(() => 10, (i) => i), controller.signal);
  const { error } = await collect(h.clock, map);
  assert.equal((error as Error).message, "enough");
  assert.equal(h.running, 0);
  assert.ok(h.begun.length <= 6, `${h.begun.length} begun`);
});

test("pooledMap() does not wait for an iterable that never answers once it is aborted", async () => {
  const h = harness();
  const controller = new AbortController();
  h.clock.sleep(25, () => controller.abort(new Error("enough")));
  async function* stuck() {
    yield 1;
    await new Promise(() => {});
  }
  const { error, values } = await collect(
    h.clock,
    pooledMap(h.clock, 2, stuck(), (i) => i, controller.signal),
  );
  assert.deepEqual(values, [1]);
  assert.equal((error as Error).message, "enough");
});

test("pooledMap() pulls nothing when its signal is aborted already", async () => {
  const h = harness();
  const { error } = await collect(
    h.clock,
    pooledMap(h.clock, 2, range(0, 9), h.slow(() => 1, (i) => i), AbortSignal.abort(new Error("never mind"))),
  );
  assert.equal((error as Error).message, "never mind");
  assert.deepEqual(h.begun, []);
});

test("pooledMap() refuses a limit that is no whole number from 1 on", () => {
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => pooledMap(new VirtualClock(), limit, [], (i) => i, undefined), RangeError);
  }
});
