import type { Result } from "../../src/model/result.ts";
import type { ResultStore, RunClosing, RunHeader } from "../../src/model/run_record.ts";
import { buildReport, type Report } from "../../src/report/build_report.ts";
import { encodeResult } from "../../src/report/encode_result.ts";
import { makeRedactor } from "../../src/report/redactor.ts";
import type { ReportSource } from "../../src/report/report_source.ts";
import { RunStats } from "../../src/report/run_stats.ts";

/** A run of three tasks for tests of reports. */
export const sampleHeader: RunHeader = {
  runId: "20260101-000000-abcdef",
  name: "nightly",
  config: { path: "/etc/nightly.yaml", sha256: "00ff" },
  params: { day: "2026-01-01" },
  identity: null,
  tool: "fanout 0.1.0",
  host: "here",
  pid: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  cpus: 2,
  resumes: null,
  tasks: [
    { name: "users", kind: "http", target: "api", total: 1 },
    { name: "details", kind: "http", target: "api", total: 4 },
    { name: "thumbs", kind: "exec", target: "cpu", total: 0 },
  ],
  targets: [{ name: "api", kind: "http", limit: 16 }, { name: "cpu", kind: null, limit: 2 }],
};

const quietTarget = { throttled: 0, retriesWithheld: 0, pools: 1, breaker: null, adaptive: null };

export const sampleClosing: RunClosing = {
  finishedAt: "2026-01-01T00:00:12.400Z",
  durationMs: 12_400,
  status: "failed",
  stoppedBy: null,
  exitCode: 1,
  totalKnown: true,
  targets: {
    api: { ...quietTarget, limit: 16, peak: 3 },
    cpu: { ...quietTarget, limit: 2, peak: 0 },
  },
};

/** A good run of `details`, but for what `change` says. */
export function sampleResult(index: number, change: Partial<Result> = {}): Result {
  return {
    index,
    task: "details",
    key: String(index),
    item: index,
    matrix: null,
    target: "api",
    kind: "http",
    outcome: "ok",
    reason: null,
    queuedMs: 1,
    durationMs: 20,
    attempts: [{
      number: 1,
      startedAt: "2026-01-01T00:00:01.000Z",
      durationMs: 20,
      outcome: "ok",
      error: null,
    }],
    output: { status: 200, body: "…" },
    outputs: null,
    error: null,
    ...change,
  };
}

/** A failed run of `details`. */
export function failedResult(index: number, message: string, change: Partial<Result> = {}): Result {
  const error = { code: "http_status", message, retryable: true } as const;
  const attempt = {
    number: 1,
    startedAt: "2026-01-01T00:00:02.000Z",
    durationMs: 30,
    outcome: "failed",
    error,
  } as const;
  return sampleResult(index, { outcome: "failed", error, durationMs: 50, attempts: [attempt], ...change });
}

/** Encoded results in memory, by task and index. */
export function memoryStore(tasks: readonly string[], results: readonly Result[]): ResultStore {
  const encoder = new TextEncoder();
  const kept = new Map(
    results.map((
      result,
    ) => [`${tasks.indexOf(result.task)}/${result.index}`, encoder.encode(encoded(result))]),
  );
  return {
    size: (task) =>
      Math.max(0, ...results.filter((one) => one.task === tasks[task]).map((one) => one.index + 1)),
    has: (task, index) => kept.has(`${task}/${index}`),
    copy(task, index, put) {
      const bytes = kept.get(`${task}/${index}`);
      if (bytes === undefined) return false;
      // In two pieces, since a store may hand over any number.
      const middle = bytes.length >> 1;
      put(bytes, 0, middle);
      put(bytes, middle, bytes.length);
      return true;
    },
  };
}

/** The report of a run with these results, which ended in this order. */
export function sampleReport(results: readonly Result[], change: Partial<ReportSource> = {}): Report {
  const header = change.header ?? sampleHeader;
  const stats = new RunStats();
  for (const result of results) stats.add(result, encoded(result));
  return buildReport({
    header,
    closing: sampleClosing,
    results: memoryStore(header.tasks.map((task) => task.name), results),
    totals: header.tasks.map((task) => task.total),
    lost: [],
    ...change,
  }, stats);
}

function encoded(result: Result): string {
  return encodeResult(result, makeRedactor(new Map()));
}
