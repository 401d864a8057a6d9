import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trouble } from "../runtime/databases.ts";
import { judgeTrouble, type TroubleContext } from "./database_failure.ts";

const context: TroubleContext = {
  of: "server",
  what: "statement",
  shown: "postgres://host:5432/db",
  sent: true,
  harmless: false,
  onlyReads: false,
  cancelled: undefined,
};

const timeout = { code: "timeout", message: "ended after 1s" } as const;

const cases: readonly (readonly [Partial<Trouble>, Partial<TroubleContext>, string, boolean])[] = [
  // Rolled back, or never begun.
  [{ code: "40001" }, {}, "query", true],
  [{ code: "40P01" }, {}, "query", true],
  [{ code: "55P03" }, {}, "query", true],
  [{ code: "57P03" }, { sent: false }, "connect", true],
  [{ code: "08001" }, { sent: false }, "connect", true],
  [{ code: "08004" }, { sent: false }, "connect", true],
  [{ code: "1213" }, {}, "query", true],
  [{ code: "1205" }, {}, "query", true],
  [{ code: "4031" }, {}, "connect", true],
  [{ code: "SQLITE_BUSY" }, { of: "file" }, "query", true],
  [{ code: "ECONNREFUSED" }, { sent: false }, "connect", true],
  [{ code: "ENOENT" }, { sent: false }, "connect", true],
  [{ code: "TIMEOUT" }, { sent: false }, "timeout", true],
  [{ code: "EAI_AGAIN" }, { sent: false }, "dns", true],
  // For good.
  [{ code: "ENOTFOUND" }, { sent: false }, "dns", false],
  [{ code: "ENOENT" }, { sent: true, of: "file" }, "not_found", false],
  [{ code: "TLS" }, { sent: false }, "tls", false],
  [{ code: "28P01" }, { sent: false }, "auth", false],
  [{ code: "42601" }, {}, "query", false],
  [{ code: "23505" }, { harmless: true }, "query", false],
  [{ code: "SQLITE_FULL" }, { of: "file" }, "io", false],
  // Ambiguous.
  [{ code: "ECONNRESET", lost: true }, {}, "outcome_unknown", false],
  [{ code: "57P01", lost: true }, {}, "outcome_unknown", false],
  [{ code: "57P01", lost: true }, { harmless: true }, "reset", true],
  [{ code: "ECHILD", lost: true }, { onlyReads: true }, "reset", false],
  [{ code: "CANCELLED", lost: true }, { cancelled: timeout }, "outcome_unknown", false],
  [{ code: "CANCELLED", lost: true }, { cancelled: timeout, onlyReads: true }, "timeout", false],
  [{ code: "CANCELLED" }, { cancelled: timeout }, "timeout", false],
  [{ code: "CANCELLED" }, { cancelled: timeout, harmless: true }, "timeout", true],
  [{ code: "CANCELLED" }, { cancelled: timeout, sent: false }, "timeout", true],
  [{ code: "57014", message: "canceling statement due to statement timeout" }, {}, "timeout", false],
  [{ code: "57014", message: "canceling statement due to user request" }, { harmless: true }, "query", true],
];

test("judgeTrouble() repeats what was rolled back or never begun, and what is harmless", () => {
  for (const [trouble, known, code, retryable] of cases) {
    const verdict = judge(trouble, known);
    const name = `${JSON.stringify(trouble)} ${JSON.stringify(known)}`;
    assert.ok(verdict.kind === "failed", name);
    assert.deepEqual([verdict.error.code, verdict.error.retryable], [code, retryable], name);
  }
});

test("judgeTrouble() takes what is used up for back-pressure, until something was sent", () => {
  for (const code of ["EMFILE", "53300", "1040", "MAXCLIENTS"]) {
    assert.equal(judge({ code }, { sent: false }).kind, "backpressure", code);
    assert.equal(judge({ code }, { sent: true }).kind, "failed", code);
  }
});

test("judgeTrouble() repeats what a full server refused, when no place of ours is to become free", () => {
  for (const code of ["53300", "1040", "1203", "1226", "MAXCLIENTS"]) {
    const verdict = judge({ code }, { sent: false });
    assert.ok(verdict.kind === "backpressure" && verdict.alone?.unhealthy, code);
    assert.deepEqual(verdict.alone.error, {
      code: "connect",
      message: "Cannot connect to postgres://host:5432/db: no reason",
      retryable: true,
    });
    const later = judge({ code }, { sent: true });
    assert.ok(later.kind === "failed" && later.error.retryable, code);
  }
  const descriptors = judge({ code: "EMFILE" }, { sent: false });
  assert.ok(descriptors.kind === "backpressure" && descriptors.alone === undefined);
});

function judge(trouble: Partial<Trouble>, known: Partial<TroubleContext>) {
  const whole: Trouble = { kind: "trouble", code: "", message: "no reason", lost: false, ...trouble };
  return judgeTrouble(whole, { ...context, ...known });
}
