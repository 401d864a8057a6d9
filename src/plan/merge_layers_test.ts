import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Layer, mergeLayers, originOf, type SettingsMap } from "./merge_layers.ts";

const layer = (from: string, settings: SettingsMap): Layer => ({ from, path: null, settings });

function merge(...settings: [SettingsMap, ...SettingsMap[]]) {
  const [first, ...others] = settings.map((each, index) => layer(String(index), each));
  return mergeLayers([first!, ...others]);
}

const table: readonly {
  readonly name: string;
  readonly layers: [SettingsMap, ...SettingsMap[]];
  readonly gives: SettingsMap;
}[] = [
  { name: "keeps the built-in", layers: [{ a: 1 }], gives: { a: 1 } },
  { name: "later wins", layers: [{ a: 1 }, { a: 2 }, { a: 3 }], gives: { a: 3 } },
  {
    name: "key by key",
    layers: [{ t: { x: 1, y: 2 } }, { t: { y: 3 } }, { t: { z: 4 } }],
    gives: { t: { x: 1, y: 3, z: 4 } },
  },
  { name: "lists replace", layers: [{ a: [1, 2] }, { a: [3] }], gives: { a: [3] } },
  { name: "a map replaces a scalar", layers: [{ a: 1 }, { a: { min: 1 } }], gives: { a: { min: 1 } } },
  { name: "a scalar replaces a map", layers: [{ a: { min: 1 } }, { a: 1 }], gives: { a: 1 } },
  {
    name: "a template replaces as a whole",
    layers: [{ a: { min: 1 } }, { a: template("x") }, { a: template("y") }],
    gives: { a: template("y") },
  },
  { name: "null goes back to the built-in", layers: [{ a: 1 }, { a: 2 }, { a: null }], gives: { a: 1 } },
  { name: "null of what has no built-in", layers: [{}, { a: 2 }, { a: null }], gives: {} },
  {
    name: "null of a whole section",
    layers: [{ t: { x: 1 } }, { t: { x: 2, y: 3 } }, { t: null }],
    gives: { t: { x: 1 } },
  },
  {
    name: "a key after null",
    layers: [{ t: { x: 1 } }, { t: { x: 2, y: 3 } }, { t: null }, { t: { y: 5 } }],
    gives: { t: { x: 1, y: 5 } },
  },
  { name: "undefined says nothing", layers: [{ a: 1 }, { a: undefined }], gives: { a: 1 } },
  {
    name: "a rate is one value",
    layers: [{}, { rate: { pace: 1, burst: 5 } }, { rate: { pace: 2 } }],
    gives: { rate: { pace: 2 } },
  },
  {
    name: "headers whatever their case",
    layers: [{}, { headers: { "X-Key": "1", b: "2" } }, { headers: { "x-key": "3" } }],
    gives: { headers: { b: "2", "x-key": "3" } },
  },
  {
    name: "null drops a header",
    layers: [{}, { headers: { "X-Key": "1" } }, { headers: { "x-key": null } }],
    gives: { headers: {} },
  },
  {
    name: "only headers are caseless",
    layers: [{}, { query: { A: "1" } }, { query: { a: "2" } }],
    gives: { query: { A: "1", a: "2" } },
  },
];

for (const { name, layers, gives } of table) {
  test(`mergeLayers(): ${name}`, () => assert.deepEqual(merge(...layers).settings, gives));
}

test("mergeLayers() leaves its layers as they were", () => {
  const builtIn = { t: { x: 1 } };
  merge(builtIn, { t: null }, { t: { x: 2 } });
  assert.deepEqual(builtIn, { t: { x: 1 } });
});

test("originOf() names the layer that has the last word", () => {
  const merged = merge({ t: { x: 1, y: 2 }, a: 1 }, { t: { x: 3 } }, { t: null, a: 5 }, {
    t: { y: 4 },
    a: { min: 1 },
  });
  const origins = ["t.x", "t.y", "a.min", "a.max", "b"].map((path) => {
    const origin = originOf(merged, path);
    return origin && [origin.layer.from, origin.reset];
  });
  assert.deepEqual(origins, [["2", true], ["3", false], ["3", false], ["3", false], undefined]);
});

const value = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()));
const leaf = fc.oneof(value, fc.constant(null));
const key = fc.constantFrom("a", "b", "c");
const settings = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)));
const builtIns = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value)));

test("mergeLayers() gives what the last layer that speaks of a key says", () => {
  fc.assert(fc.property(builtIns, fc.array(settings), (builtIn, others) => {
    const merged = merge(builtIn, ...others).settings;
    for (const name of ["a", "b", "c"]) {
      const last = others.findLast((each) => name in each)?.[name];
      if (last === undefined || (typeof last === "object" && last !== null && !Array.isArray(last))) continue;
      assert.deepEqual(merged[name] ?? null, last ?? (builtIn[name] ?? null));
    }
  }));
});

test("mergeLayers() twice is mergeLayers() once", () => {
  fc.assert(fc.property(builtIns, settings, (builtIn, other) => {
    assert.deepEqual(merge(builtIn, other, other).settings, merge(builtIn, other).settings);
  }));
});

test("mergeLayers() never leaves a null that a layer wrote, and names a source for every leaf", () => {
  fc.assert(fc.property(builtIns, fc.array(settings), (builtIn, others) => {
    const merged = merge(builtIn, ...others);
    const visit = (map: SettingsMap, at: string) => {
      for (const [name, value] of Object.entries(map)) {
        if (typeof value === "object" && value !== null && !Array.isArray(value)) {
          visit(value as SettingsMap, `${at}${name}.`);
        } else {
          assert.notEqual(value, null);
          assert.ok(originOf(merged, at + name));
        }
      }
    };
    visit(merged.settings, "");
  }));
});

function template(source: string) {
  return { template: source, unit: { name: "duration" } };
}
