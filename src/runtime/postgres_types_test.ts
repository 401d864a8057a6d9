import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../model/json.ts";
import { encodeParam, readerOf } from "./postgres_types.ts";

const read: readonly (readonly [number, string, Value])[] = [
  [16, "t", true],
  [20, "9223372036854775807", 9223372036854775807n],
  [20, "-7", -7],
  [701, "1.5e+300", 1.5e300],
  [701, "NaN", "NaN"],
  [1700, "12.50", "12.50"],
  [17, "\\x00ff", new Uint8Array([0, 255])],
  [17, "a\\\\\\377", new Uint8Array([97, 92, 255])],
  [3802, '{"id": 9007199254740993}', { id: 9007199254740993n }],
  [1184, "2026-11-21 10:00:00.123456+01", "2026-11-21T10:00:00.123456+01:00"],
  [1184, "2026-11-21 10:00:00+05:30", "2026-11-21T10:00:00+05:30"],
  [1184, "infinity", "infinity"],
  [1082, "2026-11-21", "2026-11-21"],
  [1007, "{}", []],
  [1007, "{{1,2},{NULL,4}}", [[1, 2], [null, 4]]],
  [1016, "[0:1]={1,9007199254740993}", [1, 9007199254740993n]],
  [1009, '{a,"b, \\"c\\"",NULL,"NULL","\\\\",""}', ["a", 'b, "c"', null, "NULL", "\\", ""]],
  [3807, '{"{\\"a\\": [1, 2]}"}', [{ a: [1, 2] }]],
  [99_999, "anything", "anything"],
];

test("readerOf() reads each type exactly", () => {
  for (const [type, text, value] of read) assert.deepEqual(readerOf(type)(text), value, `${type}: ${text}`);
});

const bound: readonly (readonly [Value, number | undefined, string | null])[] = [
  [null, undefined, null],
  [true, undefined, "true"],
  [9223372036854775807n, undefined, "9223372036854775807"],
  [[1, null, 'a"b\\', [2]], 1009, '{"1",NULL,"a\\"b\\\\",{"2"}}'],
  [[1, "a"], 3802, '[1,"a"]'],
  [{ id: 9007199254740993n }, undefined, '{"id":9007199254740993}'],
  [[{ a: 1 }], 3807, '{"{\\"a\\":1}"}'],
  [[new Uint8Array([1])], 1001, '{"\\\\x01"}'],
];

test("encodeParam() writes what the placeholder's type reads back", () => {
  for (const [value, type, text] of bound) assert.equal(encodeParam(value, type), text);
  assert.deepEqual([...encodeParam(new Uint8Array([0, 255]), 17) as Uint8Array], [0, 255]);
});
