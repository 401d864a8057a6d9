import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ExpressionError, type Scope } from "../model/expression.ts";
import { evaluate } from "./testing.ts";

const vars = {
  at: new Date("2026-11-21T08:05:09.250Z"),
  text: "a\nb\r\n\nc\n",
  words: ["b", "a", "b"],
  mixed: [1, 1.0, "1", true, null, { a: 1, b: [2] }, { b: [2], a: 1 }, [1], [1]],
  path: "/data/in/a.tar.gz",
  big: 9007199254740993n,
  headers: {
    link:
      '</users?ids=1,2&page=2>; title="a, b"; rel="prefetch next", <https://a.test/users?page=9>; rel=last, <x>',
  },
};

const types: Scope = {
  headers: "map<string>",
  at: "timestamp",
  text: "string",
  words: "list<string>",
  mixed: "list",
  path: "string",
  big: "int",
};

test("functions give what they promise, on values known at load and on others", () => {
  const table: readonly [source: string, expected: unknown][] = [
    ["date(at, '%Y-%m-%d')", "2026-11-21"],
    ["date(at, '%F %T', 'America/New_York')", "2026-11-21 03:05:09"],
    ["date('2026-11-21T23:30:00Z', '%d.%m.%y %H:%M', 'Europe/Berlin')", "22.11.26 00:30"],
    ["date('2026-11-21', '%j')", "325"],
    ["date(0, '%Y')", "1970"],
    ["date(1795000000, '%s %z', 'Asia/Kolkata')", "1795000000 +0530"],
    ["basename(path)", "a.tar.gz"],
    ["basename('a/b/')", "b"],
    ["basename('/')", "/"],
    ["basename('')", ""],
    ["stem(path)", "a.tar"],
    ["stem('.bashrc')", ".bashrc"],
    ["stem('a/..')", ".."],
    ["dirname(path)", "/data/in"],
    ["dirname('a')", "."],
    ["dirname('/a')", "/"],
    ["dirname('a//b')", "a"],
    ["linkTo(headers, 'next')", "/users?ids=1,2&page=2"],
    ["linkTo(headers, 'LAST')", "https://a.test/users?page=9"],
    ["linkTo(headers, 'prev')", null],
    ["linkTo({}, 'next')", null],
    ["linkTo({'link': 7}, 'next')", null],
    ["linkTo({'link': 'nonsense, <a, <b>; rel=next'}, 'next')", "b"],
    ["lines(text)", ["a", "b", "", "c"]],
    ["text.lines()", ["a", "b", "", "c"]],
    ["lines('')", []],
    ["lines('\\n')", [""]],
    ["lines('a')", ["a"]],
    ["'a.b.c'.replace('.', '$&')", "a$&b$&c"],
    ["replace('aaa', 'aa', 'b')", "ba"],
    ["'ab'.replace('', '-')", "a-b"],
    ["sum([1, 2, 3])", 6],
    ["sum([1, 2.5])", 3.5],
    ["[].sum()", 0],
    ["sum([big, big])", 18014398509481986n],
    ["distinct(words)", ["b", "a"]],
    ["mixed.distinct()", [1, "1", true, null, { a: 1, b: [2] }, [1]]],
    ["sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["sha256(b'abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["urlEncode('a/b c?é!(\\')*')", "a%2Fb%20c%3F%C3%A9%21%28%27%29%2A"],
    ["urlEncode(17)", "17"],
    ["shellQuote('plain-1.txt')", "plain-1.txt"],
    ['shellQuote("it\'s $HOME")', "'it'\\''s $HOME'"],
    ["shellQuote('')", "''"],
    ["toJson({'a': big, 'b': [1, 2.5, null, 'x']})", '{"a":9007199254740993,"b":[1,2.5,null,"x"]}'],
    ["toJson(mixed)", '[1,1,"1",true,null,{"a":1,"b":[2]},{"b":[2],"a":1},[1],[1]]'],
    ["toJson(at)", '"2026-11-21T08:05:09.250Z"'],
    ["text.matches('^a') && matches(text, 'b') && !text.matches('^b')", true],
    ["'x'.matches('(x+x+)+y')", false],
    ["'a,b,c'.split(',')", ["a", "b", "c"]],
    ["'a,b,c'.split(',', 2)", ["a", "b,c"]],
    ["'a,b,c'.split(',', 0)", []],
    ["'a,b,c'.split(',', -1)", ["a", "b", "c"]],
    ["'a,b'.split(';')", ["a,b"]],
    ["'aé😀'.split('')", ["a", "é", "😀"]],
    ["'abc'.split('', 2)", ["a", "bc"]],
    ["words.join('-')", "b-a-b"],
    ["[1, 2.5, true, 'x', big].join(',')", "1,2.5,true,x,9007199254740993"],
    ["[].join(',') + words.join()", "bab"],
    ["'aé😀'.size() + size('ab') + size([1]) + {'a': 1}.size() + size(b'abc')", 10],
    ["int('42') + int('-7') + int('+1') + int(2.9) + int(-2.9)", 36],
    ["int(timestamp('1970-01-01T00:01:00.9Z'))", 60],
    ["double('1.5') + double(1)", 2.5],
    ["string(1) + string(1.5) + string(true) + string(b'x')", "11.5truex"],
    ["string(at) + ' ' + string(duration('90m'))", "2026-11-21T08:05:09.250Z 5400s"],
    ["timestamp(60)", "1970-01-01T00:01:00Z"],
    ["timestamp(at) == at", true],
    ["duration(duration('1h')).getMinutes()", 60],
    ["at.getFullYear() + at.getMonth() + at.getDate()", 2026 + 10 + 21],
    ["at.getDayOfWeek('UTC') + at.getDayOfMonth() + at.getDayOfYear()", 6 + 20 + 324],
    ["at.getHours('Asia/Tokyo') * 100 + at.getMinutes('Asia/Tokyo')", 1705],
    ["'Abc'.lowerAscii() + 'Abc'.upperAscii() + ' x '.trim()", "abcABCx"],
    ["'abc'.substring(1) + 'abc'.substring(0, 1)", "bca"],
    ["'abcb'.indexOf('b') + 'abcb'.lastIndexOf('b')", 4],
    ["'abc'.startsWith('a') && 'abc'.endsWith('c') && 'abc'.contains('b')", true],
    ["b'abc'.base64() + b'abc'.hex()", "YWJj616263"],
  ];
  for (const [source, expected] of table) {
    assert.deepEqual(evaluate(source, vars, types), expected, source);
    // Where nothing is known at load, the overload is chosen by the value.
    assert.deepEqual(evaluate(source, vars), expected, `${source} of dyn`);
  }
});

test("functions say what they cannot do", () => {
  const table: readonly [source: string, message: RegExp][] = [
    ["int(text)", /int\(\) reads whole numbers such as "42"; it got "a/],
    ["int(empty)", /it got ""$/],
    ["int(hex)", /it got "0x1f"$/],
    ["int(spaced)", /int\(\)/],
    ["int(huge)", /does not fit into 64 bits/],
    ["sum(words)", /sum\(\) adds numbers, not a text/],
    ["mixed.join(',')", /join\(\) cannot write null; use toJson/],
    ["shellQuote(nul)", /NUL/],
    ["date(text, '%Y')", /a time is written as in "2026-11-21T08:00:00Z"/],
    ["date(february, '%Y')", /a time is written as in/],
    ["date(at, format)", /does not know this directive; .*; it got "%q"/],
    ["date(at, '%Y', zone)", /a time zone is named as in "Europe\/Berlin" or "UTC"; it got "Mars"/],
    ["timestamp(local)", /a time is written as in/],
    ["timestamp(253402300800)", /outside of the years/],
    ["duration(text)", /duration\(\) reads texts/],
    ["duration(empty)", /duration\(\) reads texts/],
    ["duration(bare)", /duration\(\) reads texts.*it got "10"/],
    ["text.matches(pattern)", /RE2's syntax; it got "\(\?=a\)"/],
    ["text.matches(long)", /patterns of up to 1000 characters, not of 1001/],
    ["bool(text)", /bool\(\) reads "true" and "false" only/],
    ["long + 1", /\+ does not work/],
    ["int(long)", /it got a text of 1,001 characters$/],
  ];
  const given = {
    ...vars,
    empty: "",
    hex: "0x1f",
    spaced: " 1",
    huge: "9223372036854775808",
    nul: "a\0b",
    february: "2026-02-30T00:00:00Z",
    local: "2026-11-21T08:00:00",
    format: "%q",
    zone: "Mars",
    bare: "10",
    pattern: "(?=a)",
    long: "x".repeat(1001),
  };
  for (const [source, message] of table) {
    assert.throws(() => evaluate(source, given), (error) => {
      assert.ok(error instanceof ExpressionError, source);
      assert.match(error.message, message, source);
      return true;
    });
  }
});

test("split() and join() are each other's opposite", () => {
  const short = fc.string({ maxLength: 20 });
  fc.assert(fc.property(short, fc.string({ minLength: 1, maxLength: 2 }), (text, separator) => {
    assert.equal(evaluate("text.split(s).join(s)", { text, s: separator }), text);
    assert.deepEqual(evaluate("text.split(s)", { text, s: separator }), text.split(separator));
    assert.equal(evaluate("text.replace(s, 'é')", { text, s: separator }), text.replaceAll(separator, "é"));
  }));
});

/** Halves of surrogate pairs too. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test("urlEncode() is undone by decodeURIComponent() and leaves nothing a path or a query could take for its own", () => {
  fc.assert(fc.property(anyText, (text) => {
    const encoded = evaluate("urlEncode(text)", { text }) as string;
    assert.equal(decodeURIComponent(encoded), text.toWellFormed());
    assert.match(encoded, /^[\w.~%-]*$/);
  }));
});

test("distinct() drops what == calls equal, and nothing else", () => {
  fc.assert(fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }), (list) => {
    const kept = evaluate("list.distinct()", { list }) as readonly unknown[];
    for (const element of list) {
      assert.equal(evaluate("kept.filter(k, k == element).size()", { kept, element }), 1);
    }
  }));
});
