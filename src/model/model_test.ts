import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, stringifyJson } from "./json.ts";

test("parseJson() and stringifyJson() keep 64-bit integers digit for digit", () => {
  const text = '{"id":9007199254740993,"max":-9223372036854775808,"x":1.5}';
  assert.equal((parseJson(text) as { id: bigint }).id, 9007199254740993n);
  assert.equal(stringifyJson(parseJson(text)), text);
});
