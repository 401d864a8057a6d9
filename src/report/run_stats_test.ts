import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { failedResult, sampleResult } from "../../tests/support/sample_run.ts";
import { encodeResult } from "./encode_result.ts";
import { LatencySketch } from "./latency_sketch.ts";
import { makeRedactor } from "./redactor.ts";
import { RunStats } from "./run_stats.ts";

const redactor = makeRedactor(new Map([["token", "s3cr3t-token"]]));

test("LatencySketch.quantile() is within 1 % of the sorted values", () => {
  const ms = fc.double({ min: 0.1, max: 1e8, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const sketch = new LatencySketch();
        for (const value of values) sketch.add(value);
        const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!;
        const found = sketch.quantile(share);
        assert.ok(Math.abs(found - exact) <= exact * 0.0101, `${found} for ${exact}`);
      },
    ),
  );
});

test("LatencySketch.summary() shows the true maximum and mean, and null for nothing", () => {
  const sketch = new LatencySketch();
  assert.equal(sketch.summary(), null);
  for (const ms of [0, 0.04, 7, 1234.56]) sketch.add(ms);
  assert.deepEqual(sketch.summary(), { p50: 0.1, p90: 1235, p99: 1235, max: 1235, mean: 310 });
});

test("RunStats.add() counts outcomes, reasons, attempts, retries and codes; allowed failures apart", () => {
  const stats = new RunStats();
  const again = { ...sampleResult(0).attempts[0]!, number: 2 };
  const results = [
    sampleResult(0, { attempts: [...sampleResult(0).attempts, again] }),
    failedResult(1, "allowed", { allowed: true }),
    failedResult(2, "first"),
    failedResult(3, "second", {
      outcome: "timed_out",
      error: { code: "timeout", message: "", retryable: true },
    }),
    sampleResult(4, { outcome: "skipped", reason: "dependency", attempts: [] }),
    sampleResult(5, { outcome: "not_run", attempts: [], target: null }),
  ];
  for (const result of results) stats.add(result, encodeResult(result, redactor));
  assert.deepEqual(stats.counts, { ok: 1, failed: 2, timed_out: 1, cancelled: 0, skipped: 1, not_run: 1 });
  assert.deepEqual(stats.skippedBy, { if: 0, dependency: 1, circuit_open: 0 });
  assert.deepEqual([stats.allowedFailures, stats.attempts, stats.retries], [1, 5, 1]);
  assert.deepEqual([...stats.failuresByCode], [["http_status", 1], ["timeout", 1]]);
  assert.equal(stats.firstFailure?.index, 2);
  const target = stats.targets.get("api")!;
  assert.deepEqual(target.counts, { ok: 1, failed: 2, timed_out: 1, cancelled: 0, skipped: 1, not_run: 0 });
  assert.deepEqual([target.ran, target.latency.count, target.spanMs], [4, 5, 1050]);
});

test("RunStats.add() shows failures and slow runs only as they were masked", () => {
  const stats = new RunStats();
  const result = failedResult(0, "said s3cr3t-token", { key: "s3cr3t-token", item: "s3cr3t-token" });
  stats.add(result, encodeResult(result, redactor));
  assert.doesNotMatch(JSON.stringify([stats.firstFailure, stats.slowest]), /s3cr3t/);
});

test("RunStats.add() ranks the three slowest, and leaves kept results out of this run's pace", () => {
  const stats = new RunStats();
  [5, 9, 1, 7, 8].forEach((durationMs, index) => {
    const result = sampleResult(index, { durationMs });
    stats.add(result, encodeResult(result, redactor));
  });
  const kept = sampleResult(9, { durationMs: 1000 });
  stats.add(kept, encodeResult(kept, redactor), true);
  assert.deepEqual(stats.slowest.map((one) => one.durationMs), [9, 8, 7]);
  assert.deepEqual([stats.kept, stats.counts.ok, stats.targets.get("api")!.ran], [1, 6, 5]);
});
