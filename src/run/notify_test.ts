import assert from "node:assert/strict";
import { test } from "node:test";
import { type ManualClock, manualClock } from "../../tests/support/manual_clock.ts";
import { sampleReport, sampleResult } from "../../tests/support/sample_run.ts";
import { parseJson } from "../model/json.ts";
import type { NotifyPlan, Plan } from "../model/plan.ts";
import { realHost } from "../runtime/host.ts";
import type { HttpHandler, HttpPort, HttpRequest } from "../runtime/http_port.ts";
import type { Ports } from "../runtime/ports.ts";
import { makeNotifier, type RunEnded } from "./notify.ts";

interface World {
  readonly clock: ManualClock;
  readonly requests: { readonly host: string; readonly path: string; readonly json: unknown }[];
  readonly notices: string[];
  answer(request: HttpRequest, handler: HttpHandler): void;
}

function ok(_request: HttpRequest, handler: HttpHandler): void {
  handler.head({ status: 204, headers: [], address: null });
}

function world(answer: World["answer"] = ok): World {
  return { clock: manualClock(), requests: [], notices: [], answer };
}

function notifier(world: World, notify: readonly Partial<NotifyPlan>[]) {
  const addresses = notify.map((one) => ({
    url: "https://hook.example.com/abc",
    on: ["start", "success", "failure"],
    style: null,
    ...one,
  }));
  const http: HttpPort = {
    open: async () => ({
      send(request, handler) {
        const json = parseJson(new TextDecoder().decode(request.body![0] as Uint8Array));
        world.requests.push({ host: request.route.host, path: request.path, json });
        queueMicrotask(() => world.answer(request, handler));
        return { sent: true, cancel() {}, pause() {}, resume() {} };
      },
      closeIdle() {},
      close() {},
    }),
  };
  return makeNotifier({
    plan: {
      runId: "r1",
      name: "nightly",
      startedAt: "2026-01-01T00:00:00.000Z",
      params: { room: "night" },
      run: { notify: addresses },
    } as unknown as Plan,
    ports: { http, clock: world.clock, host: realHost } as unknown as Ports,
    readSecrets: async () => new Map([["token", "s3cr3t-late"]]),
    notice: (message) => world.notices.push(message),
  });
}

/** Lets time pass until the promise settles. */
async function settle(done: Promise<void>, clock: ManualClock): Promise<void> {
  let over = false;
  done.finally(() => over = true);
  for (let turn = 0; !over && turn < 500; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await done;
}

const passed: RunEnded = { exitCode: 0, head: null, reportPath: null };
const failed: RunEnded = { exitCode: 1, head: null, reportPath: null };

const styles: readonly (readonly [url: string, style: NotifyPlan["style"], paths: string[]])[] = [
  ["https://hook.example.com/abc?x=1", null, ["/abc?x=1", "/abc?x=1"]],
  ["https://hc.example.com/abc", null, ["/abc/start", "/abc/fail"]],
  ["https://hc-ping.com/abc/", null, ["/abc/start", "/abc/fail"]],
  ["https://ping.eu.healthchecks.io/abc", null, ["/abc/start", "/abc/fail"]],
  ["https://hook.example.com/abc", "healthchecks", ["/abc/start", "/abc/fail"]],
  ["https://hc.example.com/abc", "webhook", ["/abc", "/abc"]],
];

for (const [url, style, paths] of styles) {
  test(`makeNotifier() calls ${url} as ${style ?? "its host says"}: ${paths.join(", ")}`, async () => {
    const made = world();
    const told = notifier(made, [{ url, style }]);
    told.started(new Map());
    await settle(told.ended(failed), made.clock);
    assert.deepEqual(made.requests.map(({ path }) => path), paths);
  });
}

test("makeNotifier() tells each address only what it asks for, the end once", async () => {
  const made = world();
  const told = notifier(made, [
    { url: "https://a.example.com/", on: ["start"] },
    { url: "https://b.example.com/", on: ["success"] },
    { url: "https://c.example.com/", on: ["failure"] },
  ]);
  told.started(new Map());
  await settle(told.ended(passed), made.clock);
  await settle(told.ended(failed), made.clock);
  const events = made.requests.map(({ host, json }) => [host, (json as { event: string }).event]);
  assert.deepEqual(events, [["a.example.com", "start"], ["b.example.com", "success"]]);
});

test("makeNotifier() renders params and secrets into the URL, also when the run had read none yet", async () => {
  const made = world();
  const url = "https://hook.example.com/${{ params.room }}/${{ secrets.token }}";
  const early = notifier(made, [{ url }]);
  early.started(new Map([["token", "s3cr3t-soon"]]));
  await settle(early.ended(passed), made.clock);
  await settle(notifier(made, [{ url }]).ended(failed), made.clock);
  assert.deepEqual(made.requests.map(({ path }) => path), [
    "/night/s3cr3t-soon",
    "/night/s3cr3t-soon",
    "/night/s3cr3t-late",
  ]);
});

test("makeNotifier() tries three times and then says so, without the path that gives access", async () => {
  const made = world((_request, handler) => handler.head({ status: 500, headers: [], address: null }));
  await settle(notifier(made, [{ url: "https://hook.example.com/s3cr3t" }]).ended(failed), made.clock);
  assert.equal(made.requests.length, 3);
  assert.deepEqual(made.notices, [
    "https://hook.example.com was not told of the failure: the answer was 500",
  ]);
});

test("makeNotifier() gives up on an address that never answers", async () => {
  const made = world(() => {});
  const told = notifier(made, [{}]);
  told.started(new Map());
  await settle(told.ended(passed), made.clock);
  assert.ok(made.clock.now() <= 25_000, `it took ${made.clock.now()} ms`);
  assert.match(made.notices.join("\n"), /not told of the start: no answer .*\n.*not told of the success/);
});

test("makeNotifier() sends the summary and the first failure, never an item", async () => {
  const made = world();
  const report = sampleReport([sampleResult(0), sampleResult(1, { item: "huge", outcome: "failed" })]);
  const head = { ...report.head, failures: { ...report.head.failures } };
  await settle(notifier(made, [{}]).ended({ exitCode: 1, head, reportPath: "/r.json" }), made.clock);
  const json = made.requests[0]!.json as Record<string, Record<string, unknown>>;
  assert.equal(json.schema as unknown, "fanout.notify/1");
  assert.deepEqual([json.event as unknown, json.report as unknown, json.run!.exitCode], [
    "failure",
    "/r.json",
    1,
  ]);
  assert.deepEqual([json.summary!.total, json.summary!.ok, json.summary!.failed], [2, 1, 1]);
  assert.equal((json.failures!.first as { key: unknown }).key, report.head.failures.first!.key);
  assert.ok(!JSON.stringify(json).includes("huge"));
});
