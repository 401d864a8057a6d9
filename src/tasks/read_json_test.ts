import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError } from "./kind.ts";
import { readJson } from "./read_json.ts";

function faultOf(text: string): string {
  try {
    readJson(text, "stdout");
  } catch (error) {
    assert.ok(error instanceof DecodeError);
    return error.message;
  }
  assert.fail(`${text} was accepted`);
}

test("readJson() keeps 64-bit integers", () => {
  assert.deepEqual(readJson(' {"id": 9007199254740993} ', "stdout"), { id: 9007199254740993n });
});

test("readJson() says where the first fault is, the same on every runtime", () => {
  const table: [string, string][] = [
    ["", "stdout is empty, not JSON"],
    [" \n", "stdout is empty, not JSON"],
    ["hello", 'stdout is not JSON: unexpected "h" at line 1, column 1 (offset 0)'],
    ['{"a": 1,\n  b: 2}', 'stdout is not JSON: unexpected "b" at line 2, column 3 (offset 11)'],
    ['{"a": 1} {}', "stdout is not JSON: there is more after its end at line 1, column 10 (offset 9)"],
    ["[1, 2", "stdout is not JSON: it ends too early at line 1, column 6 (offset 5)"],
    ["[1,]", 'stdout is not JSON: unexpected "]" at line 1, column 4 (offset 3)'],
    ['{"a":1,}', 'stdout is not JSON: unexpected "}" at line 1, column 8 (offset 7)'],
    ["[01]", 'stdout is not JSON: unexpected "0" at line 1, column 2 (offset 1)'],
    ["[NaN]", 'stdout is not JSON: unexpected "N" at line 1, column 2 (offset 1)'],
    ['"abc', "stdout is not JSON: it ends within a string at line 1, column 5 (offset 4)"],
    ['["\\x"]', "stdout is not JSON: a string has an unknown escape at line 1, column 3 (offset 2)"],
    ['"a\nb"', "stdout is not JSON: a control character stands in a string at line 1, column 3 (offset 2)"],
    ["🙂", 'stdout is not JSON: unexpected "🙂" at line 1, column 1 (offset 0)'],
    ['{"a" 1}', 'stdout is not JSON: unexpected "1" at line 1, column 6 (offset 5)'],
  ];
  for (const [text, message] of table) assert.equal(faultOf(text), message);
});

test("readJson() finds a fault in whatever JSON.parse refuses", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"',
    "1",
    "-",
    "1.5e3",
    "true",
    "nul",
    " ",
    "\n",
    "\\",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      try {
        JSON.parse(text);
      } catch {
        assert.match(
          faultOf(text),
          /^stdout is (empty|not JSON: .* at line \d+, column \d+ \(offset \d+\)$)/s,
        );
      }
    }),
    { numRuns: 2000 },
  );
});
