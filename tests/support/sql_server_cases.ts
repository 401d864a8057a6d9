import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/model/json.ts";
import type { Throwaway } from "../servers/throwaway.ts";
import { eventually } from "./eventually.ts";
import { type OpenedTask, poolPlan, type TaskOptions, TestCall } from "./open_task.ts";

/** What a SQL server has to be asked in its own words. */
export interface SqlServerCase {
  readonly name: string;
  readonly available: { readonly skip?: string };
  server(): Throwaway & { url(): string; sql(text: string): string };
  /** As it stands in the server's URL. */
  readonly password: string;
  /** A query of this many seconds. */
  sleep(seconds: number, mark: string): string;
  /** Gives the number of the connection it runs on. */
  readonly connectionId: string;
  /** Ends a connection by its number. */
  kill(id: number): string;
  /** Numbers of the connections there are. */
  readonly connections: string;
  /** Numbers of the connections that run a query with this mark. */
  running(mark: string): string;
  /** Opens a task that the test file closes. */
  task(spec: ValueMap, options?: TaskOptions): Promise<OpenedTask>;
}

/** Tests what happens when a server or a connection to it goes away, stops or refuses; the same for all of them. */
export function testServerTrouble(the: SqlServerCase): void {
  const running = (mark: string) => lines(the.server().sql(the.running(mark)));

  test(`${the.name}: a cancelled query is gone from the server within a second`, the.available, async () => {
    for (const [options, retryable] of [[{}, false], [{ readOnly: true }, true]] as const) {
      const call = new TestCall();
      const ended = (await the.task({ query: the.sleep(60, "cancel me"), ...options })).failure({}, call);
      await eventually(() => running("cancel me").length === 1);
      call.cancel();
      assert.deepEqual((await ended).error, { code: "timeout", message: "timed out after 1s", retryable });
      assert.deepEqual(running("cancel me"), []);
    }
  });

  test(`${the.name}: the server ends a query by itself when nobody tells it to`, the.available, async () => {
    const task = await the.task({ query: the.sleep(60, "run out") }, { attemptMs: -900 });
    const { error, timedOut } = await task.failure();
    assert.deepEqual([error.code, timedOut], ["timeout", true]);
  });

  test(
    `${the.name}: a connection killed in the middle leaves an outcome unknown`,
    the.available,
    async () => {
      for (const [options, code] of [[{}, "outcome_unknown"], [{ idempotent: true }, "reset"]] as const) {
        const ended = (await the.task({ query: the.sleep(60, "kill me") }, options)).failure();
        await eventually(() => running("kill me").length === 1);
        the.server().sql(the.kill(Number(running("kill me")[0])));
        const { error } = await ended;
        assert.deepEqual([error.code, error.retryable], [code, code === "reset"], error.message);
      }
    },
  );

  test(
    `${the.name}: an idle connection that was closed is replaced without a word`,
    the.available,
    async () => {
      const task = await the.task({ query: the.connectionId });
      const id = async () =>
        Object.values(((await task.answer()).output.rows as ValueMap[])[0]!)[0] as number;
      const first = await id();
      assert.equal(await id(), first);
      the.server().sql(the.kill(first));
      await eventually(() => !lines(the.server().sql(the.connections)).includes(String(first)));
      await pause(20);
      assert.notEqual(await id(), first);
    },
  );

  test(`${the.name}: a wrong password is tried once, and shows nowhere`, the.available, async () => {
    const url = the.server().url().replace(encodeURIComponent(the.password), "hunter%202");
    const task = await the.task({ url, query: "select 1" });
    const { error } = await task.failure();
    assert.deepEqual([error.code, error.retryable], ["auth", false]);
    assert.doesNotMatch(error.message, /hunter|se cret/);
    assert.deepEqual((await task.failure()).error, error);
  });

  test(`${the.name}: a server that stops answering costs no more than its time`, the.available, async () => {
    const task = await the.task({ query: the.sleep(0, "frozen") });
    await task.answer();
    the.server().pause();
    try {
      const call = new TestCall();
      const ended = task.failure({}, call);
      await pause(10);
      call.cancel();
      assert.equal((await ended).error.code, "outcome_unknown");
      const connecting = await the.task({ query: "select 1" }, { connectMs: 100 });
      const { error, timedOut } = await connecting.failure();
      assert.deepEqual([error.code, error.retryable, timedOut], ["timeout", true, true]);
    } finally {
      the.server().resume();
    }
  });

  test(
    `${the.name}: a server killed in the middle and started again is found again`,
    the.available,
    async () => {
      const pool = poolPlan(1);
      const task = await the.task({ query: the.sleep(60, "found again") }, { pool, idempotent: true });
      const ended = task.failure();
      await eventually(() => running("found again").length === 1);
      await the.server().kill();
      assert.equal((await ended).error.code, "reset");
      const next = await the.task({ query: "select 1" }, { pool });
      const { error } = await next.failure();
      assert.deepEqual([error.code, error.retryable], ["connect", true]);
      await the.server().restart();
      assert.equal((await next.answer()).output.rowCount, 1);
    },
  );
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
