import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../model/json.ts";
import { methodOf } from "./http_method.ts";

const bodies: readonly ValueMap[] = [{ json: [] }, { form: { a: "b" } }, { body: "" }, {
  body: { file: "a" },
}];

test("methodOf() is GET, POST for what has a body, and what the task says before both", () => {
  assert.equal(methodOf({ url: "/" }), "GET");
  for (const body of bodies) {
    assert.equal(methodOf({ url: "/", ...body }), "POST");
    assert.equal(methodOf({ url: "/", method: "${{ item }}", ...body }), "${{ item }}");
  }
  assert.equal(methodOf({ url: "/", json: null }), "GET");
});
