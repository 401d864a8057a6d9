import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpFailureReason } from "../runtime/http_port.ts";
import { judgeFailure } from "./http_failure.ts";

const always = "always", ifHarmless = "if harmless", never = "never";

/** reason, the system's word, sent; the code of the report, and when it is repeated. */
const rows: readonly (readonly [HttpFailureReason, string, boolean, string, string])[] = [
  ["dns", "EAI_AGAIN", false, "dns", always],
  ["dns", "ENOTFOUND", false, "dns", never],
  ["dns", "EAI_FAIL", false, "dns", never],
  ["connect", "ECONNREFUSED", false, "connect", always],
  ["connect", "EHOSTUNREACH", false, "connect", always],
  ["connect", "ECONNRESET", false, "connect", always],
  ["timeout", "TIMEOUT", false, "timeout", always],
  ["timeout", "TIMEOUT", true, "timeout", ifHarmless],
  ["tls", "CERT_HAS_EXPIRED", false, "tls", never],
  ["tls", "EPROTO", false, "tls", never],
  ["reset", "ECONNRESET", true, "reset", ifHarmless],
  ["truncated", "EOF", true, "truncated", ifHarmless],
  ["protocol", "PROTOCOL", true, "protocol", never],
  ["headers_too_large", "HEADERS_TOO_LARGE", true, "too_large", never],
  ["blocked_address", "BLOCKED", false, "blocked_address", never],
  ["proxy", "HTTP_407", false, "proxy", never],
  ["proxy", "HTTP_403", false, "proxy", never],
  ["proxy", "HTTP_502", false, "proxy", always],
  ["proxy", "ECONNREFUSED", false, "proxy", always],
  ["proxy", "ENOTFOUND", false, "proxy", never],
  ["source", "ENOENT", false, "not_found", never],
  ["source", "EACCES", false, "permission", never],
  ["source", "ENOTFILE", false, "not_a_file", never],
  ["source", "EIO", true, "io", never],
];

for (const [reason, word, sent, code, repeated] of rows) {
  test(`judgeFailure() of ${reason} ${word}${sent ? ", perhaps sent" : ""}: ${code}, repeated ${repeated}`, () => {
    const failure = { reason, code: word, message: "It failed", sent };
    for (const harmless of [false, true]) {
      const verdict = judgeFailure(failure, { sentBefore: false, harmless });
      assert.ok(verdict.kind === "failed");
      assert.equal(verdict.error.code, code);
      assert.equal(verdict.error.retryable, repeated === always || (harmless && repeated === ifHarmless));
      assert.equal(verdict.timedOut === true, reason === "timeout");
    }
  });
}

test("judgeFailure() takes what followed a redirect for perhaps done", () => {
  const failure = { reason: "connect", code: "ECONNREFUSED", message: "It failed", sent: false } as const;
  const verdict = judgeFailure(failure, { sentBefore: true, harmless: false });
  assert.ok(verdict.kind === "failed" && !verdict.error.retryable);
});

test("judgeFailure() takes a want of descriptors for back-pressure", () => {
  const failure = { reason: "descriptors", code: "EMFILE", message: "None left", sent: false } as const;
  const verdict = judgeFailure(failure, { sentBefore: false, harmless: false });
  assert.deepEqual(verdict, { kind: "backpressure", message: "None left" });
});
