import assert from "node:assert/strict";
import { test } from "node:test";
import {
  failedResult,
  sampleClosing,
  sampleHeader,
  sampleReport,
  sampleResult,
} from "../../tests/support/sample_run.ts";
import type { ErrorCode } from "../model/outcome.ts";
import type { Result } from "../model/result.ts";
import { summaryText } from "./summary_text.ts";

const plain = { color: false, width: 80, reportPath: "/tmp/report.json" };

test("summaryText() tells a failed run in a few lines", () => {
  const again = { ...sampleResult(0).attempts[0]!, number: 2 };
  const results = [
    ...Array.from({ length: 12 }, (_, index) => sampleResult(index, { durationMs: 20 + index })),
    failedResult(
      12,
      "503 from https://api.example.com/v1/users/12 after 3 attempts, the last one said: Service Unavailable",
      { item: { id: 12 } },
    ),
    failedResult(13, "404", { allowed: true }),
    sampleResult(14, { outcome: "skipped", reason: "dependency", attempts: [] }),
    sampleResult(15, { outcome: "skipped", reason: "if", attempts: [] }),
    sampleResult(16, { attempts: [...sampleResult(0).attempts, again] }),
  ];
  const report = sampleReport(results);
  assert.equal(
    summaryText(report, plain),
    `nightly failed in 12.4s: 17 task runs
  outcomes       13 ok   2 failed   2 skipped
  skipped        1 by their if, 1 by what they need
  allowed        1 of the failures, by allowFailure
  retries        1 (16 attempts in all)
  first failure  details[12] at api
                 http_status: 503 from https://api.example.com/v1/users/12 after
                 3 attempts, the last one said: Service Unavailable
                 item: {"id":12}
  failures       1 http_status
  slowest        details[12] 50ms, details[13] 50ms, details[11] 31ms
  no inputs      users: 0 items
  no inputs      thumbs: 0 items

/tmp/report.json
`,
  );
});

test("summaryText() of a run without trouble is short", () => {
  const header = { ...sampleHeader, tasks: [sampleHeader.tasks[0]!] };
  const closing = { ...sampleClosing, status: "passed", exitCode: 0 } as const;
  const report = sampleReport([sampleResult(0, { task: "users", key: null, item: null })], {
    header,
    closing,
  });
  assert.equal(
    summaryText(report, { ...plain, reportPath: null }),
    "nightly passed in 12.4s: 1 task run\n  outcomes  1 ok\n",
  );
});

test("summaryText() lets no control character of the data through, and clips what is long", () => {
  const evil = "\x1b[2J\u202e\nx".repeat(200);
  const report = sampleReport([failedResult(0, evil, { key: evil, item: evil, target: "api" })]);
  for (const width of [20, 80, 200]) {
    const text = summaryText(report, { ...plain, width, reportPath: "/tmp/a\x1bb" });
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\x00-\x1f\x7f\u202e]/);
    assert.ok(text.split("\n").length < 30);
    if (width >= 80) { for (const line of text.split("\n")) assert.ok(line.length <= width, line); }
  }
});

test("summaryText() shows what the run was made for, harmless and clipped", () => {
  const report = sampleReport([sampleResult(0)]);
  const outputs = [
    { name: "top.count", lines: ["7"] },
    { name: "top.files", lines: ["a.log  3", "\x1b[2J" + "x".repeat(100)] },
    { name: "top.none", lines: [] },
  ];
  const text = summaryText(report, { ...plain, outputs });
  assert.match(text, /output +top\.count: 7\n +output +top\.files:\n {3,}a\.log {2}3\n {3,}\\x1b\[2Jx+/);
  assert.match(text, /output +top\.none: nothing\n/);
  assert.doesNotMatch(summaryText(report, { ...plain, outputs, brief: true }), /top/);
});

test("summaryText() gives no more than a few pieces of advice", () => {
  const report = sampleReport([sampleResult(0)]);
  const advice = (count: number) =>
    Array.from(
      { length: count },
      (_, i) =>
        ({ code: "throttled", target: "api", message: `number ${i}`, figures: {}, change: null }) as const,
    );
  const text = (count: number) =>
    summaryText({ ...report, head: { ...report.head, advice: advice(count) } }, plain);
  assert.match(text(4), /number 3/);
  assert.match(text(50), /number 2\n +and 47 more, in the report\n/);
  assert.doesNotMatch(text(50), /number 3/);
});

test("summaryText() names a few failures of each code", () => {
  const failed = (index: number, code: ErrorCode) =>
    failedResult(index, "no", { error: { code, message: "no", retryable: false } });
  const results = [
    failed(3, "timeout"),
    ...[4, 5, 6, 7, 8].map((index) => failed(index, "http_status")),
  ];
  const text = summaryText(sampleReport(results), plain);
  assert.match(
    text,
    /\n +failures +5 http_status: details\[4\], details\[5\], details\[6\] and 2 more\n +1 timeout: details\[3\]\n/,
  );
});

test("summaryText() says how to go on, where something is left to do", () => {
  const text = (...results: Result[]) => summaryText(sampleReport(results), { ...plain, canResume: true });
  const advice = /\n +go on +the same with --resume: what is ok stays, the rest runs again\n/;
  assert.match(text(sampleResult(0), failedResult(1, "no")), advice);
  assert.match(text(sampleResult(0, { outcome: "not_run", attempts: [] })), advice);
  assert.doesNotMatch(text(sampleResult(0)), advice);
  assert.doesNotMatch(text(failedResult(0, "no", { allowed: true })), advice);
  assert.doesNotMatch(summaryText(sampleReport([failedResult(0, "no")]), plain), advice);
});

test("summaryText() ends with the path of every report, the JSON's last", () => {
  const report = sampleReport([sampleResult(0)]);
  const otherPaths = ["/tmp/out.csv", "/tmp/report.html"];
  assert.match(
    summaryText(report, { ...plain, otherPaths }),
    /\n\n\/tmp\/out\.csv\n\/tmp\/report\.html\n\/tmp\/report\.json\n$/,
  );
});

test("summaryText() colours only when asked to", () => {
  const report = sampleReport([failedResult(0, "no")]);
  assert.ok(summaryText(report, { ...plain, color: true }).includes("\x1b[31m1 failed\x1b[0m"));
  assert.ok(!summaryText(report, plain).includes("\x1b"));
});

test("summaryText() says where a limit settled, and that a breaker opened", () => {
  const adaptive = {
    min: 2,
    max: 16,
    settled: 9,
    history: [
      { atMs: 5, limit: 4, why: "start" },
      { atMs: 90, limit: 8, why: "growth" },
      { atMs: 120, limit: 6, why: "loss" },
      { atMs: 150, limit: 5, why: "latency" },
    ],
  } as const;
  const api = { ...sampleClosing.targets.api!, adaptive, breaker: { openings: 2, openMs: 24_000 } };
  const report = sampleReport([sampleResult(0)], { closing: { ...sampleClosing, targets: { api } } });
  const text = summaryText(report, plain);
  assert.match(text, /\n +limit +api settled at 9 of 2 to 16, lowered for errors and slower answers\n/);
  const calm = { ...api, adaptive: { ...adaptive, history: adaptive.history.slice(0, 2) } };
  const unharmed = sampleReport([sampleResult(0)], { closing: { ...sampleClosing, targets: { api: calm } } });
  assert.match(summaryText(unharmed, plain), / settled at 9 of 2 to 16, never lowered\n/);
  assert.match(text, /\n +breaker +api was taken for down 2 times, for 24s\n/);
  const { concurrency, breaker } = report.head.targets.api!;
  assert.deepEqual(concurrency, { limit: 16, peak: 3, ...adaptive });
  assert.deepEqual(breaker, { openings: 2, openMs: 24_000 });
});
