import assert from "node:assert/strict";
import { test } from "node:test";
import { type PooledSession, SessionPool } from "./session_pool.ts";

test("SessionPool gives the connection that was used last to the same place", () => {
  const pool = new SessionPool<FakeSession>(3).join();
  const [one, two] = [open(pool, "a"), open(pool, "a")];
  pool.giveBack("a", one, 3);
  pool.giveBack("a", two, 3);
  assert.equal(pool.take("a"), two);
  assert.equal(pool.take("a"), one);
  assert.equal(pool.take("a"), undefined);
});

test("SessionPool makes room by closing an idle connection to another place", async () => {
  const pool = new SessionPool<FakeSession>(2).join();
  const [idle] = [open(pool, "a"), open(pool, "b")];
  pool.giveBack("a", idle, 3);
  assert.equal(pool.take("c"), undefined);
  assert.equal(idle.closed, true);
  await pool.closed();
});

test("SessionPool keeps no more connections than a limit that has fallen", () => {
  const pool = new SessionPool<FakeSession>(3).join();
  const sessions = [open(pool, "a"), open(pool, "a"), open(pool, "a")];
  for (const session of sessions) pool.giveBack("a", session, 2);
  assert.deepEqual(sessions.map(({ closed }) => closed), [true, false, false]);
  const family = new SessionPool<FakeSession>(1, true).join();
  const members = [open(family, "a"), open(family, "b")];
  for (const [index, session] of members.entries()) family.giveBack(index === 0 ? "a" : "b", session, 1);
  assert.deepEqual(members.map(({ closed }) => closed), [false, false]);
});

test("SessionPool closes what is of no more use, and gives it to nobody", () => {
  const pool = new SessionPool<FakeSession>(2).join();
  const [spoiled, lost] = [open(pool, "a"), open(pool, "a")];
  spoiled.usable = false;
  pool.giveBack("a", spoiled, 3);
  pool.giveBack("a", lost, 3);
  lost.usable = false;
  assert.equal(pool.take("a"), undefined);
  assert.deepEqual([spoiled.closed, lost.closed], [true, true]);
});

test("SessionPool closes all that is idle with its last user, and the rest as it comes back", async () => {
  const pool = new SessionPool<FakeSession>(2).join().join();
  const [idle, busy] = [open(pool, "a"), open(pool, "a")];
  pool.giveBack("a", idle, 3);
  await pool.leave();
  assert.equal(idle.closed, false);
  await pool.leave();
  assert.equal(idle.closed, true);
  pool.giveBack("a", busy, 3);
  assert.equal(busy.closed, true);
});

class FakeSession implements PooledSession {
  usable = true;
  closed = false;

  async close(): Promise<void> {
    this.closed = true;
  }
}

function open(pool: SessionPool<FakeSession>, place: string): FakeSession {
  assert.equal(pool.take(place), undefined);
  return new FakeSession();
}
