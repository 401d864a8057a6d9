import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "./clock.ts";

test("realClock.after() takes a delay of years for what it is", async () => {
  let woken = false;
  const timer = realClock.after(2 ** 40, () => woken = true);
  await new Promise<void>((resolve) => realClock.after(20, resolve));
  timer.cancel();
  assert.equal(woken, false);
});
