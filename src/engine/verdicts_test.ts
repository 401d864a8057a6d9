import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunError } from "../model/outcome.ts";
import type { Failure } from "../model/verdict.ts";
import type { Attempt } from "./types.ts";
import { AttemptCall } from "./call.ts";
import { attemptOf, type FailedAttempt, judgeFailure } from "./verdicts.ts";

const error: RunError = { code: "http_status", message: "answered 503", retryable: true };
const attempt: Attempt = { startedAt: 0, durationMs: 10, outcome: "failed", error, isLoss: true };
const failed: FailedAttempt = {
  attempt,
  attemptCount: 1,
  retry: { attempts: 3, initialMs: 200, maxMs: 20_000, jitter: "full" },
  retryAfterMs: undefined,
  stopped: false,
  givenUp: false,
  now: 1_000,
  deadline: Infinity,
  random: () => 0.5,
};

const cases: readonly (readonly [string, Partial<FailedAttempt>, unknown])[] = [
  ["waits half of the first backoff", {}, { waitMs: 100 }],
  ["doubles the backoff with each attempt", { attemptCount: 2 }, { waitMs: 200 }],
  ["ends with the last attempt", { attemptCount: 3 }, { end: { outcome: "failed", error } }],
  [
    "ends at once what may not be repeated",
    { attempt: { ...attempt, error: { ...error, retryable: false } } },
    { end: { outcome: "failed", error: { ...error, retryable: false } } },
  ],
  ["waits as long as the server asks, and a little more", { retryAfterMs: 2_000 }, { waitMs: 2_100 }],
  [
    "ends at once when the server asks for more time than there is",
    { retryAfterMs: 2_000, deadline: 2_500 },
    {
      end: {
        outcome: "failed",
        error: { ...error, message: "answered 503; the server asked to wait 2s, longer than the time left" },
      },
    },
  ],
  [
    "begins no attempt whose wait would end too late",
    { deadline: 1_050 },
    {
      end: {
        outcome: "failed",
        error: { ...error, message: "answered 503; no time was left for another attempt" },
      },
    },
  ],
  ["cancels what a stop kept from its next attempt", { stopped: true }, {
    end: { outcome: "cancelled", error },
  }],
  [
    "ends a timeout as timed_out",
    { attempt: { ...attempt, outcome: "timed_out" }, attemptCount: 3 },
    { end: { outcome: "timed_out", error } },
  ],
  [
    "cancels what the stop cut off, whatever is left",
    { attempt: { ...attempt, outcome: "cancelled" } },
    { end: { outcome: "cancelled", error } },
  ],
];

for (const [name, change, expected] of cases) {
  test(`judgeFailure() ${name}`, () => {
    assert.deepEqual(judgeFailure({ ...failed, ...change }), expected);
  });
}

test("judgeFailure() waits the whole backoff without jitter, never more than its maximum", () => {
  const retry = { attempts: 99, initialMs: 200, maxMs: 1_000, jitter: "none" as const };
  const waits = [1, 2, 3, 4, 50].map((attemptCount) => judgeFailure({ ...failed, retry, attemptCount }));
  assert.deepEqual(waits, [200, 400, 800, 1_000, 1_000].map((waitMs) => ({ waitMs })));
});

test("attemptOf() says why an attempt was cut off, unless what it did is unknown", () => {
  const call = new AttemptCall(0, 1, { limit: 1 });
  call.cancel({ code: "timeout", message: "the attempt was ended after 1s" });
  const cutOff: RunError = { code: "reset", message: "the connection was closed", retryable: false };
  const unknown: RunError = { code: "outcome_unknown", message: "it may have been done", retryable: false };
  const errors = [cutOff, unknown].map((error) => attemptOf(call, { kind: "failed", error }, 10));
  const why: RunError = { code: "timeout", message: "the attempt was ended after 1s", retryable: false };
  assert.deepEqual(errors.map(({ outcome, error }) => [outcome, error]), [["timed_out", why], [
    "timed_out",
    unknown,
  ]]);
});

test("attemptOf() tells a loss, which speaks of the target, from a failure of the input or of the run", () => {
  const call = new AttemptCall(0, 1, { limit: 1 });
  const isLoss = (more: Partial<Failure>) => attemptOf(call, { kind: "failed", error, ...more }, 10).isLoss;
  assert.equal(
    attemptOf(call, { kind: "ok", output: { fields: {}, outputs: null, saved: null } }, 10).isLoss,
    false,
  );
  assert.equal(isLoss({}), false);
  assert.deepEqual([{ unhealthy: true }, { throttled: true }, { timedOut: true }].map(isLoss), [
    true,
    true,
    true,
  ]);
  call.cancel({ code: "interrupted", message: "SIGINT came" });
  assert.equal(isLoss({ unhealthy: true }), false);
});
