import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shortHash } from "../runtime/hash.ts";
import { FingerprintMap } from "./fingerprints.ts";

test("FingerprintMap.add() keeps the first number of each, also when it grows", () => {
  const map = new FingerprintMap();
  for (let i = 0; i < 10_000; i++) assert.equal(map.add(shortHash(`${i}`), i), undefined);
  for (let i = 0; i < 10_000; i++) assert.equal(map.add(shortHash(`${i}`), 7), i);
});

test("FingerprintMap tells fingerprints apart that fall on one place", () => {
  const map = new FingerprintMap();
  const sameLow = ["00000001000003ff", "00000002000003ff", "000000010000ffff", "0000000000000000"];
  sameLow.forEach((hex, i) => assert.equal(map.add(hex, i), undefined));
  sameLow.forEach((hex, i) => assert.equal(map.add(hex, 9), i));
});

test("FingerprintMap.count() counts as a map of counters does", () => {
  fc.assert(fc.property(fc.array(fc.nat(20)), (values) => {
    const map = new FingerprintMap();
    const model = new Map<number, number>();
    for (const value of values) {
      const expected = (model.get(value) ?? 0) + 1;
      model.set(value, expected);
      assert.equal(map.count(shortHash(`${value}`)), expected);
    }
  }));
});
