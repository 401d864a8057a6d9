import assert from "node:assert/strict";
import { test } from "node:test";
import { isRunId, makeRunId } from "./run_id.ts";

const at = (text: string) => new Date(`2026-11-29T${text}Z`);
const half = () => 0.5;

test("makeRunId() names a run by the moment it started", () => {
  const id = makeRunId(at("03:15:00.004"), half, null);
  assert.equal(id, "20261129T031500004Z-800000");
  assert.ok(isRunId(id));
  assert.ok(!isRunId(`${id}.ndjson`) && !isRunId("nightly"));
});

test("makeRunId() names a later run by a later moment, whatever the clock says", () => {
  const last = makeRunId(at("03:15:00.999"), () => 0.999, null);
  assert.equal(makeRunId(at("04:15:00.000"), half, last), "20261129T041500000Z-800000");
  assert.equal(makeRunId(at("03:15:00.999"), half, last), "20261129T031501000Z-800000");
  assert.equal(makeRunId(at("02:15:00.000"), half, last), "20261129T031501000Z-800000");
});
