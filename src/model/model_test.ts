import assert from "node:assert/strict";
import { test } from "node:test";
import { maxDataDepth, parseData, parseDataOrText, parseJson, stringifyJson } from "./json.ts";

test("parseJson() and stringifyJson() keep 64-bit integers digit for digit", () => {
  const text = '{"id":9007199254740993,"max":-9223372036854775808,"x":1.5}';
  assert.equal((parseJson(text) as { id: bigint }).id, 9007199254740993n);
  assert.equal(stringifyJson(parseJson(text)), text);
});

test("parseData() refuses what is nested too deeply, and takes no bracket in a text for nesting", () => {
  const nested = (levels: number) => `${'[{"]":'.repeat(levels / 2)}1${"}]".repeat(levels / 2)}`;
  const hostileTexts = [
    "[".repeat(2 * maxDataDepth),
    '"[{',
    "\\",
    `\\"${"{".repeat(2 * maxDataDepth)}`,
    '\\\\"',
  ];
  const honest = stringifyJson([...hostileTexts, ...Array(1_000).fill([[]])]);
  assert.deepEqual(parseData(honest), JSON.parse(honest));
  assert.deepEqual(parseData(nested(maxDataDepth)), JSON.parse(nested(maxDataDepth)));
  for (const levels of [maxDataDepth + 2, 400_000]) {
    assert.throws(() => parseData(nested(levels)), SyntaxError);
    assert.throws(() => parseData(`[${stringifyJson(hostileTexts)},${nested(levels)}]`), SyntaxError);
    assert.equal(parseDataOrText(nested(levels)), nested(levels));
  }
});
