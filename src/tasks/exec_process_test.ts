import assert from "node:assert/strict";
import { test } from "node:test";
import type { CancelReason } from "../model/verdict.ts";
import type { Clock } from "../runtime/ports.ts";
import type { ChildProcess, ProcessExit } from "../runtime/processes.ts";
import { type ProcessEnd, superviseProcess } from "./exec_process.ts";

const timeout: CancelReason = { code: "timeout", message: "too long" };
const clean: ProcessExit = { exitCode: 0, signal: null, cpuMs: 1, maxRssBytes: 1 };

/** A child that does what a test says, at times of its own. */
function scene() {
  let now = 0;
  const timers = new Map<number, { at: number; wake: () => void }>();
  let timerCount = 0;
  const clock: Clock = {
    now: () => now,
    wallTime: () => now,
    soon: (wake) => setImmediate(wake),
    after(delayMs, wake) {
      const id = timerCount++;
      timers.set(id, { at: now + delayMs, wake });
      return { cancel: () => timers.delete(id) };
    },
  };
  const log: string[] = [];
  let exit!: (exit: ProcessExit) => void;
  let endOutput!: () => void;
  const group = { alive: true, onSignal: (_signal: string) => {} };
  const child: ChildProcess = {
    kind: "started",
    pid: 1,
    exited: new Promise((resolve) => exit = resolve),
    outputEnded: new Promise((resolve) => endOutput = resolve),
    signal(signal, reach) {
      log.push(`${now} ${signal}${reach === "group" ? "" : " to everything"}`);
      if (group.alive) group.onSignal(signal);
    },
    isRunning: () => group.alive,
    closeOutput: () => log.push(`${now} close`),
  };
  const line: { onCancel: ((reason: CancelReason) => void) | undefined } = { onCancel: undefined };
  let end: (ProcessEnd & { at: number }) | undefined;
  superviseProcess(child, clock, line).then((ended) => end = { ...ended, at: now });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    log,
    group,
    line,
    exit: (given: ProcessExit = clean) => exit(given),
    endOutput,
    pendingTimers: () => timers.size,
    end: () => end,
    async until(time: number) {
      await settle();
      for (;;) {
        const [id, next] = [...timers].sort((a, b) => a[1].at - b[1].at)[0] ?? [];
        if (next === undefined || next.at > time) break;
        timers.delete(id!);
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = time;
    },
  };
}

test("superviseProcess() settles when the process and its output have ended, and keeps no timer", async () => {
  const { exit, endOutput, until, end, log, line, pendingTimers } = scene();
  exit();
  await until(50);
  assert.equal(end(), undefined);
  endOutput();
  await until(51);
  assert.deepEqual(end(), { ...clean, cancelled: undefined, leaked: false, at: 50 });
  assert.deepEqual(log, []);
  assert.equal(pendingTimers(), 0);
  assert.equal(line.onCancel, undefined);
});

test("superviseProcess() ends what keeps the output open for 200 ms after the process", async () => {
  const { exit, endOutput, until, end, log, group } = scene();
  group.onSignal = (signal) => {
    if (signal !== "SIGTERM") return;
    group.alive = false;
    endOutput();
  };
  exit();
  await until(1000);
  assert.deepEqual(log, ["200 SIGTERM", "200 SIGCONT", "200 SIGKILL"]);
  assert.deepEqual(end(), { ...clean, cancelled: undefined, leaked: false, at: 200 });
});

test("superviseProcess() reports what holds the output outside of the group, without waiting to kill it", async () => {
  const { exit, until, end, log, group } = scene();
  group.alive = false;
  exit();
  await until(1000);
  assert.deepEqual(log, ["200 SIGTERM", "200 SIGCONT", "210 SIGKILL", "410 close"]);
  assert.deepEqual(end(), { ...clean, cancelled: undefined, leaked: true, at: 410 });
});

test("superviseProcess() kills what holds the output outside of the group when it is cancelled meanwhile", async () => {
  const { exit, endOutput, until, end, log, group, line } = scene();
  group.alive = false;
  exit();
  await until(300);
  line.onCancel!(timeout);
  endOutput();
  await until(1000);
  assert.equal(log.at(-1), "300 SIGKILL to everything");
  assert.deepEqual([end()?.at, end()?.leaked], [300, false]);
});

test("superviseProcess() leaves a background process alone that let go of the output", async () => {
  const { exit, endOutput, until, end, log } = scene();
  exit();
  endOutput();
  await until(1000);
  assert.equal(end()?.at, 0);
  assert.deepEqual(log, []);
});

test("superviseProcess() sends SIGTERM to the group, and SIGKILL 1.5 s later", async () => {
  const { exit, endOutput, until, end, log, group, line } = scene();
  group.onSignal = (signal) => {
    if (signal !== "SIGKILL") return;
    group.alive = false;
    exit({ ...clean, exitCode: null, signal });
    endOutput();
  };
  await until(100);
  line.onCancel!(timeout);
  await until(5000);
  assert.deepEqual(log, [
    "100 SIGTERM to everything",
    "100 SIGCONT to everything",
    "1600 SIGKILL to everything",
  ]);
  assert.equal(end()?.at, 1600);
  assert.equal(end()?.cancelled, timeout);
  assert.equal(end()?.signal, "SIGKILL");
});

test("superviseProcess() waits for the rest of the group when the process itself obeys SIGTERM", async () => {
  const { exit, endOutput, until, end, log, group, line } = scene();
  group.onSignal = (signal) => {
    if (signal === "SIGTERM") {
      exit();
      endOutput();
    }
    if (signal === "SIGKILL") group.alive = false;
  };
  await until(0);
  line.onCancel!(timeout);
  await until(1499);
  assert.equal(end(), undefined);
  await until(1500);
  assert.deepEqual(log, ["0 SIGTERM to everything", "0 SIGCONT to everything", "1500 SIGKILL to everything"]);
  assert.deepEqual([end()?.at, end()?.cancelled], [1500, timeout]);
});

test("superviseProcess() settles at once when the whole group obeys SIGTERM", async () => {
  const { exit, endOutput, until, end, group, line } = scene();
  group.onSignal = (signal) => {
    if (signal !== "SIGTERM") return;
    group.alive = false;
    exit({ ...clean, exitCode: null, signal });
    endOutput();
  };
  await until(0);
  line.onCancel!(timeout);
  await until(100);
  assert.equal(end()?.at, 0);
});

test("superviseProcess() never frees its place while the process lives, whatever was sent", async () => {
  const { exit, endOutput, until, end, line } = scene();
  await until(0);
  line.onCancel!(timeout);
  await until(60_000);
  assert.equal(end(), undefined);
  exit();
  endOutput();
  await until(60_001);
  assert.equal(end()?.cancelled, timeout);
});

test("superviseProcess() takes an exit before the cancellation for its own", async () => {
  const { exit, endOutput, until, end, log, group, line } = scene();
  exit();
  await until(100);
  line.onCancel!(timeout);
  group.alive = false;
  endOutput();
  await until(1000);
  assert.deepEqual(log, [
    "100 SIGTERM to everything",
    "100 SIGCONT to everything",
    "100 SIGKILL to everything",
  ]);
  assert.equal(end()?.cancelled, undefined);
});
