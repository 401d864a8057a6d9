import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ManualClock, manualClock } from "../../tests/support/manual_clock.ts";
import type { Plan } from "../model/plan.ts";
import { realDisk } from "../runtime/disk.ts";
import { realHost } from "../runtime/host.ts";
import { type LockOutcome, takeRunLock } from "./run_lock.ts";

const startedAt = "2026-01-01T00:00:00.000Z";
const hourMs = 3_600_000;

interface Asked {
  readonly ifHeld?: "fail" | "skip" | "wait";
  readonly timeoutMs?: number | null;
  readonly signal?: AbortSignal;
  readonly notices?: string[];
}

/** Takes the lock of `directory`; time moves on whenever somebody waits for it. */
async function ask(directory: string, clock: ManualClock, asked: Asked = {}): Promise<LockOutcome> {
  const { ifHeld = "fail", timeoutMs = null } = asked;
  const plan = { runId: "r1", startedAt, run: { lock: { ifHeld }, timeoutMs } } as unknown as Plan;
  const outcome = takeRunLock({
    plan,
    directory,
    ports: { disk: realDisk, clock, host: realHost },
    signal: asked.signal ?? new AbortController().signal,
    notice: (message) => asked.notices?.push(message),
  });
  let over = false;
  outcome.finally(() => over = true);
  for (let turn = 0; !over && turn < 1_000; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.armed > 0) clock.advance(250);
  }
  return await outcome;
}

function inDirectory(body: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "fanout-lock-"));
    try {
      await body(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

function release(outcome: LockOutcome): void {
  assert.equal(outcome.kind, "taken");
  if (outcome.kind === "taken") outcome.release();
}

test(
  "takeRunLock() names the holder to a second run, and is free again afterwards",
  inDirectory(async (directory) => {
    const clock = manualClock();
    const first = await ask(directory, clock);
    clock.advance(60_000);
    const second = await ask(directory, clock);
    assert.equal(second.kind, "held");
    if (second.kind !== "held") return;
    assert.equal(second.exitCode, 4);
    assert.match(
      second.message,
      new RegExp(`r1, process ${process.pid} on .*, started ${startedAt}, 1m ago`),
    );
    release(first);
    assert.deepEqual(readdirSync(directory), ["run.lock"]);
    release(await ask(directory, clock));
  }),
);

const ages: readonly (readonly [string, number, number | null, 0 | 4])[] = [
  ["a young holder", hourMs, null, 0],
  ["a holder of more than 24 h", 25 * hourMs, null, 4],
  ["a holder within its own timeout", hourMs, 2 * hourMs, 0],
  ["a holder past its own timeout", 3 * hourMs, 2 * hourMs, 4],
];

for (const [what, ageMs, timeoutMs, exitCode] of ages) {
  test(
    `takeRunLock() with ifHeld: skip gives exit code ${exitCode} for ${what}`,
    inDirectory(async (directory) => {
      const clock = manualClock();
      const first = await ask(directory, clock, { timeoutMs });
      clock.advance(ageMs);
      const second = await ask(directory, clock, { ifHeld: "skip" });
      assert.equal(second.kind === "held" && second.exitCode, exitCode);
      if (exitCode === 4) {
        assert.match((second as { message: string }).message, /is older than .* process \d+/);
      }
      release(first);
    }),
  );
}

test(
  "takeRunLock() does not take the words of a killed holder for those of the one after it",
  inDirectory(async (directory) => {
    const clock = manualClock();
    const lock = await realDisk.tryLock(join(directory, "run.lock"), "kept");
    const path = join(directory, "run.lock.json");
    const holder = { runId: "old", pid: 1, host: "h", startedAt: "2025-01-01T00:00:00Z", timeoutMs: null };
    writeFileSync(path, JSON.stringify(holder));
    clock.after(200, () => writeFileSync(path, JSON.stringify({ ...holder, runId: "new", startedAt })));
    const second = await ask(directory, clock, { ifHeld: "skip" });
    assert.deepEqual(second.kind === "held" && [second.exitCode, /\(new,/.test(second.message)], [0, true]);
    lock!.release();
  }),
);

test(
  "takeRunLock() with ifHeld: wait takes the lock as soon as it is free",
  inDirectory(async (directory) => {
    const clock = manualClock();
    const first = await ask(directory, clock);
    clock.after(10_000, () => release(first));
    const notices: string[] = [];
    release(await ask(directory, clock, { ifHeld: "wait", notices }));
    assert.ok(clock.now() < 11_000, `waited ${clock.now()} ms`);
    assert.equal(notices.length, 1);
    assert.match(notices[0]!, /waiting for another run of this config \(r1/);
  }),
);

test(
  "takeRunLock() with ifHeld: wait gives up at run.timeout, and at a signal",
  inDirectory(async (directory) => {
    const clock = manualClock();
    const first = await ask(directory, clock);
    const late = await ask(directory, clock, { ifHeld: "wait", timeoutMs: 5_000 });
    assert.equal(late.kind === "held" && late.exitCode, 4);
    const stop = new AbortController();
    clock.after(1_000, () => stop.abort());
    const stopped = await ask(directory, clock, { ifHeld: "wait", signal: stop.signal });
    assert.equal(stopped.kind, "stopped");
    assert.equal(clock.armed, 0, "no timer is left");
    release(first);
  }),
);

test(
  "takeRunLock() lets nobody in who looks while the holder writes who it is",
  inDirectory(async (directory) => {
    const clock = manualClock();
    const first = await ask(directory, clock);
    assert.equal(JSON.parse(readFileSync(join(directory, "run.lock.json"), "utf8")).pid, process.pid);
    writeFileSync(join(directory, "run.lock.json"), "{");
    const second = await ask(directory, clock, { ifHeld: "skip" });
    assert.equal(second.kind, "held");
    release(first);
  }),
);
