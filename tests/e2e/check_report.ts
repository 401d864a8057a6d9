import assert from "node:assert/strict";

const outcomes = ["ok", "failed", "timed_out", "cancelled", "skipped", "not_run"];
const reasons = ["if", "dependency", "circuit_open"];
const attemptOutcomes = ["ok", "failed", "timed_out", "cancelled"];
const outputFields: { readonly [kind: string]: readonly string[] } = {
  http: ["status", "headers", "bytes", "sha256", "body", "bodyBase64", "truncated"],
  file: ["bytes", "sha256", "text", "textBase64", "json", "rows", "truncated"],
  exec: [
    "exitCode",
    "signal",
    "stdout",
    "stdoutBase64",
    "stdoutBytes",
    "stdoutSha256",
    "stderr",
    "stderrBase64",
    "stderrBytes",
    "stderrSha256",
    "truncated",
    "cpuMs",
    "maxRssBytes",
  ],
  sql: ["rows", "rowCount", "columns", "truncated"],
  redis: ["value", "valueBase64", "truncated"],
};

// deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
type Json = any;

/**
 * Holds a report against what is promised of `fanout.report/1`: its members, its words, its counts and its order. It is
 * written without the program's own types, so that it does not change with them.
 *
 * @throws AssertionError that names the member
 */
export function checkReport(report: Json): void {
  hasMembers(report, "report", ["schema", "run", "summary", "targets", "failures", "advice", "results"]);
  assert.equal(report.schema, "fanout.report/1");
  checkRun(report.run);
  checkCounts(report);
  for (const [name, target] of Object.entries(report.targets)) checkTarget(target, `targets.${name}`);
  checkFailures(report);
  for (const [i, advice] of report.advice.entries()) {
    hasMembers(advice, `advice[${i}]`, ["code", "target", "message"], [
      "figures",
      "change",
    ]);
  }
  let previous: Json = null;
  const seen = new Set<string>();
  for (const [i, result] of report.results.entries()) {
    checkResult(result, `results[${i}]`);
    if (previous?.task === result.task) {
      assert.ok(previous.index < result.index, `results[${i}] in input order`);
    } else assert.ok(!seen.has(result.task), `results of ${result.task} stand together`);
    seen.add(result.task);
    previous = result;
  }
}

function checkRun(run: Json): void {
  hasMembers(run, "run", [
    "id",
    "name",
    "config",
    "params",
    "startedAt",
    "finishedAt",
    "durationMs",
    "status",
    "stoppedBy",
    "exitCode",
    "tool",
    "host",
    "resumed",
  ]);
  hasMembers(run.config, "run.config", ["path", "sha256"]);
  assert.match(run.config.sha256, /^[0-9a-f]{64}$/);
  oneOf(run.status, ["passed", "failed", "interrupted", "timed_out", "incomplete"], "run.status");
  oneOf(run.stoppedBy, [null, "max_failures", "timeout", "signal"], "run.stoppedBy");
  isTime(run.startedAt, "run.startedAt");
  if (run.status === "incomplete") return;
  isTime(run.finishedAt, "run.finishedAt");
  isMilliseconds(run.durationMs, "run.durationMs");
  assert.ok(Number.isInteger(run.exitCode), "run.exitCode");
}

function checkCounts({ summary, results, targets }: Json): void {
  hasMembers(summary, "summary", [
    "total",
    ...outcomes,
    "skippedBy",
    "allowedFailures",
    "attempts",
    "retries",
    "totalKnown",
  ], ["retriesWithheld"]);
  const sum = outcomes.reduce((total, outcome) => total + summary[outcome], 0);
  assert.equal(sum, summary.total, "the six outcomes add up to the total");
  assert.equal(results.length, summary.total, "one result for every task run");
  for (const outcome of outcomes) {
    const count = results.filter((result: Json) => result.outcome === outcome).length;
    assert.equal(count, summary[outcome], `summary.${outcome}`);
  }
  for (const reason of reasons) {
    const count = results.filter((result: Json) => result.reason === reason).length;
    assert.equal(summary.skippedBy[reason] ?? 0, count, `summary.skippedBy.${reason}`);
  }
  const attempts = results.reduce((total: number, result: Json) => total + result.attempts.length, 0);
  assert.equal(summary.attempts, attempts, "summary.attempts");
  const retries = results.reduce(
    (total: number, result: Json) => total + Math.max(0, result.attempts.length - 1),
    0,
  );
  assert.equal(summary.retries, retries, "summary.retries");
  assert.equal(
    summary.allowedFailures,
    results.filter((result: Json) => result.allowed).length,
    "summary.allowedFailures",
  );
  for (const [name, target] of Object.entries<Json>(targets)) {
    const ofTarget = results.filter((result: Json) => result.target === name).length;
    assert.equal(target.counts.total, ofTarget, `targets.${name}.counts.total`);
    for (const outcome of outcomes) {
      const count = results.filter((result: Json) =>
        result.target === name && result.outcome === outcome
      ).length;
      assert.equal(target.counts[outcome], count, `targets.${name}.counts.${outcome}`);
    }
  }
}

function checkTarget(target: Json, place: string): void {
  hasMembers(target, place, [
    "kind",
    "concurrency",
    "counts",
    "retries",
    "throttled",
    "latencyMs",
    "queueMs",
    "perSecond",
  ], ["breaker"]);
  const adaptive = ["min", "max", "settled", "history"];
  hasMembers(target.concurrency, `${place}.concurrency`, ["limit", "peak"], adaptive);
  if (target.breaker) hasMembers(target.breaker, `${place}.breaker`, ["openings", "openMs"]);
  hasMembers(target.counts, `${place}.counts`, ["total", ...outcomes]);
  for (const name of ["latencyMs", "queueMs"]) {
    const figures = target[name];
    if (figures === null) continue;
    hasMembers(figures, `${place}.${name}`, ["p50", "p90", "p99", "max", "mean"]);
    const { p50, p90, p99, max, mean } = figures;
    assert.ok(p50 <= p90 && p90 <= p99 && p99 <= max && mean <= max, `${place}.${name} is in order`);
  }
}

function checkFailures({ failures, results }: Json): void {
  hasMembers(failures, "failures", ["first", "byCode"]);
  const failed = results.filter((result: Json) =>
    (result.outcome === "failed" || result.outcome === "timed_out") && !result.allowed
  );
  if (failed.length > 0) {
    assert.ok(
      failed.some((result: Json) =>
        result.task === failures.first.task && result.index === failures.first.index
      ),
      "failures.first is one of those that failed",
    );
  }
  const byCode: Record<string, number> = {};
  for (const { error } of failed) byCode[error.code] = (byCode[error.code] ?? 0) + 1;
  assert.deepEqual({ ...failures.byCode }, byCode, "failures.byCode");
}

function checkResult(result: Json, place: string): void {
  hasMembers(result, place, [
    "index",
    "task",
    "key",
    "item",
    "matrix",
    "target",
    "kind",
    "outcome",
    "reason",
    "queuedMs",
    "durationMs",
    "attempts",
    "output",
    "outputs",
    "error",
  ], ["allowed", "collected"]);
  const { outcome, reason, error, attempts, output, kind } = result;
  oneOf(outcome, outcomes, `${place}.outcome`);
  oneOf(reason, outcome === "skipped" ? reasons : [null], `${place}.reason`);
  isMilliseconds(result.queuedMs, `${place}.queuedMs`);
  isMilliseconds(result.durationMs, `${place}.durationMs`);
  if (outcome === "ok") assert.equal(error, null, `${place}.error of an ok run`);
  if (["failed", "timed_out", "cancelled"].includes(outcome)) checkError(error, `${place}.error`);
  if (outcome === "not_run") assert.equal(attempts.length, 0, `${place}.attempts of a run that did not run`);
  if (outcome === "ok") {
    assert.equal(attempts.at(-1)?.outcome, "ok", `${place}: the last attempt of an ok run`);
  }
  for (const [i, attempt] of attempts.entries()) {
    const at = `${place}.attempts[${i}]`;
    hasMembers(attempt, at, ["number", "startedAt", "durationMs", "outcome", "error"]);
    assert.equal(attempt.number, i + 1, `${at}.number`);
    isTime(attempt.startedAt, `${at}.startedAt`);
    isMilliseconds(attempt.durationMs, `${at}.durationMs`);
    oneOf(attempt.outcome, attemptOutcomes, `${at}.outcome`);
    if (attempt.outcome === "ok") assert.equal(attempt.error, null, `${at}.error`);
    else checkError(attempt.error, `${at}.error`);
  }
  if (output !== null) hasMembers(output, `${place}.output`, [], [...outputFields[kind]!, "saved"]);
  assert.ok(typeof output === "object" && !Array.isArray(output), `${place}.output`);
}

function checkError(error: Json, place: string): void {
  hasMembers(error, place, ["code", "message", "retryable"]);
  assert.match(error.code, /^[a-z_]+$/, `${place}.code`);
  assert.ok(typeof error.message === "string" && error.message !== "", `${place}.message`);
  assert.equal(typeof error.retryable, "boolean", `${place}.retryable`);
}

function hasMembers(
  value: Json,
  place: string,
  required: readonly string[],
  optional: readonly string[] = [],
): void {
  assert.ok(value !== null && typeof value === "object", `${place} is an object`);
  for (const name of required) assert.ok(name in value, `${place}.${name} is missing`);
  for (const name of Object.keys(value)) {
    assert.ok(required.includes(name) || optional.includes(name), `${place}.${name} is not in the contract`);
  }
}

function oneOf(value: Json, allowed: readonly Json[], place: string): void {
  assert.ok(allowed.includes(value), `${place} is ${JSON.stringify(value)}`);
}

function isTime(value: Json, place: string): void {
  assert.match(String(value), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, place);
}

function isMilliseconds(value: Json, place: string): void {
  assert.ok(typeof value === "number" && value >= 0, `${place} is ${JSON.stringify(value)}`);
}
