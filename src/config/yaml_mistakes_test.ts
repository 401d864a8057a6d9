import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";

/** What goes wrong with YAML, and what is said about it: line, column, message. */
const cases: readonly { name: string; text: string; problems: readonly string[] }[] = [
  {
    name: "a map where {{ }} was meant",
    text: `version: 1
tasks:
  a: { http: { url: {{ id }} } }
`,
    problems: [
      '3:21: to YAML this is a map with a map as its key; if it is text, quote it: url: "${{ id }}"',
    ],
  },
  {
    name: "a colon in a text",
    text: `version: 1
tasks:
  a:
    http:
      url: a: b
`,
    problems: [
      '5:12: a text with ": " in it is taken for a map; write it in quotes: url: "a: b"',
    ],
  },
  {
    name: "an expression inside brackets",
    text: `version: 1
tasks:
  a:
    foreach: { range: "1..3" }
    exec: { command: [echo, \${{ item }}] }
`,
    problems: [
      '5:30: inside { } and [ ] an expression must stand in quotes: exec: { command: [echo, "${{ item }}"] }',
    ],
  },
  {
    name: "a glob, a tag and an alias where text was meant",
    text: `version: 1
tasks:
  a: { foreach: { glob: *.csv }, if: !has(item.x), file: { path: x } }
`,
    problems: [
      '3:25: no anchor &.csv stands before this; if it is text, quote it: glob: "*.csv"',
      '3:38: !has(item.x) is a YAML tag, which a config has none of; if it is text, quote it: if: "!has(item.x)"',
    ],
  },
  {
    name: "characters that begin no text",
    text: `version: 1
tasks:
  a:
    http:
      url: @host
`,
    problems: [
      '5:12: a text without quotes cannot begin with @; write it in quotes: url: "@host"',
    ],
  },
  {
    name: "a percent sign",
    text: `version: 1
tasks:
  a:
    http: { url: %7Ehome }
`,
    problems: [
      '4:18: a text without quotes cannot begin with %; write it in quotes: url: "%7Ehome"',
    ],
  },
  {
    name: "text behind a quote",
    text: `version: 1
tasks:
  a:
    http: { url: https://x }
    if: "a" == params.b
`,
    problems: [
      "5:13: the value ended before this; write it in quotes: if: '\"a\" == params.b'",
    ],
  },
  {
    name: "a comparison at the beginning",
    text: `version: 1
tasks:
  a:
    http: { url: https://x }
    if: >= 3
`,
    problems: [
      '5:10: a value that begins with > is a block of text; write it in quotes: if: ">= 3"',
    ],
  },
  {
    name: "a comma in an expression inside { }",
    text: `version: 1
tasks:
  a:
    http: { url: https://x }
    outputs: { ids: json.users.map(u, u.id) }
`,
    problems: [
      '5:39: "u.id)" has no value; inside { } a comma ends a value, so write it in quotes: ids: "json.users.map(u, u.id)"',
    ],
  },
  {
    name: "tabs",
    text: `version: 1
tasks:
	a: { http: { url: https://x } }
`,
    problems: [
      "3:1: indent with spaces: YAML takes no tabs",
    ],
  },
  {
    name: "a quote that is never closed",
    text: `version: 1
name: "x
tasks: {}
`,
    problems: [
      "2:7: the quote of this text is never closed",
    ],
  },
  {
    name: "an escape that is none",
    text: `version: 1
name: "\\d+"
tasks: {}
`,
    problems: [
      '2:8: \\d is no escape in a "text": write the backslash twice, or put the text in single quotes',
    ],
  },
  {
    name: "a bracket that is never closed",
    text: `version: 1
tasks:
  a: { exec: { command: [x }
  b: { exec: { command: [y] } }
`,
    problems: [
      "3:25: this [ is never closed",
    ],
  },
  {
    name: "a bracket that is closed behind a comment sign",
    text: `version: 1
tasks:
  a: { http: { url: "https://x", query: { q: #foo } } }
  b: { exec: { command: [y] } }
`,
    problems: [
      '3:41: this { is never closed; a " #" begins a comment, also in here: put the text in quotes',
    ],
  },
  {
    name: "a bracket too many",
    text: `version: 1
tasks:
  a: { exec: { command: [x] } }}
`,
    problems: [
      "3:32: this } closes nothing: leave it out",
    ],
  },
  {
    name: "a line between two depths",
    text: `version: 1
tasks:
  a:
    exec:
      # A comment at no depth at all.
      command: [x]
   timeout: 5s
`,
    problems: [
      "7:1: this line is indented by 3, which is no depth of the lines above: indent it by 2 or 4, as what it stands beside",
    ],
  },
  {
    name: "a line that is too deep",
    text: `version: 1
tasks:
  a:
    exec:
      command: [x]
        cwd: y
`,
    problems: [
      "6:1: this line is indented by 8, which is no depth of the lines above: indent it by 6, as what it stands beside",
    ],
  },
  {
    name: "an element that is less deep than its list",
    text: `version: 1
tasks:
  a:
    exec:
      command:
        - x
       - y
`,
    problems: [
      "7:1: this line is indented by 7, which is no depth of the lines above: indent it by 6 or 8, as what it stands beside",
    ],
  },
  {
    name: "a map where an expression belongs, as an element of a list",
    text: `version: 1
tasks:
  a:
    http: { url: "https://x" }
    expect:
      - status: 200
`,
    problems: [
      '6:9: expected an expression, got a map; write it as one: "status == 200"',
    ],
  },
  {
    name: "null, and nothing, where an expression belongs",
    text: `version: 1
tasks:
  a: { if: null, exec: { command: [echo, ~] } }
  b:
    exec: { command: [echo] }
    expect:
      -
    outputs:
      a: null # not yet
      b:
`,
    problems: [
      '3:12: expected an expression, got nothing; write it in quotes: if: "null"',
      '3:42: expected text, got nothing; write it in quotes: "…"',
      '7:8: expected an expression, got nothing; write it in quotes: "…"',
      '9:10: expected an expression, got nothing; write it in quotes: a: "null"',
      '10:7: expected an expression, got nothing; write it in quotes: b: "…"',
    ],
  },
  {
    name: "a list beside its key",
    text: `version: 1
tasks:
  a:
    expect: - json.ok
`,
    problems: [
      '4:13: a list begins on a line of its own: put "- " under the key',
    ],
  },
  {
    name: "a key without its colon",
    text: `version: 1
tasks:
  a
  b: { exec: { command: [y] } }
`,
    problems: [
      '3:3: expected "key: value" here; the ": " is missing',
    ],
  },
  {
    name: "a second document",
    text: `version: 1
tasks: {}
---
version: 1
`,
    problems: [
      "3:1: a config is one document: a second one begins here; remove the ---",
    ],
  },
  {
    name: "a directive",
    text: `%x
version: 1
tasks: {}
`,
    problems: [
      "1:1: a line that begins with % is a directive, which a config has none of",
    ],
  },
  {
    name: "double keys",
    text: `version: 1
tasks:
  a: { exec: { command: [x] } }
  b: { exec: { command: [x], command: [y] } }
  a: { exec: { command: [y] } }
`,
    problems: [
      '4:30: the key "command" stands here twice, first on line 4',
      '5:3: the key "a" stands here twice, first on line 3',
    ],
  },
  {
    name: "keys that would change the program",
    text: `version: 1
tasks:
  __proto__: { exec: { command: [x] } }
  a: { exec: { command: [x], env: { constructor: x, prototype: y } } }
`,
    problems: [
      '3:3: "__proto__" cannot be a key',
      '4:37: "constructor" cannot be a key',
      '4:53: "prototype" cannot be a key',
    ],
  },
  {
    name: "merges that are no maps, and aliases that go round",
    text: `version: 1
x-a: &a [1]
x-b: &b { c: *b }
tasks:
  a: { <<: *a, exec: { command: [x] } }
`,
    problems: [
      "3:14: *b stands inside what it repeats",
      "5:8: << takes a map, or a list of maps: << : *anchor",
    ],
  },
  {
    name: "numbers that are none",
    text: `version: 1
tasks:
  a: { foreach: [.inf, .nan], exec: { command: [x] } }
`,
    problems: [
      "3:18: .inf is no number that JSON knows; write it in quotes if it is text",
      "3:24: .nan is no number that JSON knows; write it in quotes if it is text",
    ],
  },
  {
    name: "nothing",
    text: ``,
    problems: [
      "1:1: the config is empty: begin with `version: 1`, then `tasks:`",
    ],
  },
  {
    name: "only comments",
    text: `# a
`,
    problems: [
      "1:1: the config is empty: begin with `version: 1`, then `tasks:`",
    ],
  },
  {
    name: "a text",
    text: `hello
`,
    problems: [
      '1:1: expected a map, got "hello": it needs version and tasks',
    ],
  },
  {
    name: "a list",
    text: `- a
`,
    problems: [
      "1:1: expected a map, got a list: it needs version and tasks",
    ],
  },
  {
    name: "tags",
    text: `version: 1
tasks:
  a: { foreach: [!!str 007, !!binary eA==, !x y], exec: { command: !list [x] } }
  b: { if: ! "x", exec: { command: [x] } }
`,
    problems: [
      '3:29: !!binary is a YAML tag, which a config has none of; if it is text, quote it: "!!binary eA=="',
      '3:44: !x is a YAML tag, which a config has none of; if it is text, quote it: "!x y"',
      '3:68: !list is a YAML tag, which a config has none of; if it is text, quote it: command: "!list [x]"',
      "4:12: ! is a YAML tag, which a config has none of; if it is text, quote it: if: '! \"x\"'",
    ],
  },
];

for (const { name, text, problems } of cases) {
  test(`loadConfig() explains: ${name}`, () => {
    const loaded = loadConfig(text, "c.yaml");
    const shown = loaded.problems.map(({ line, column, severity, message }) =>
      `${line}:${column}: ${severity === "warning" ? "warning: " : ""}${message}`
    );
    assert.deepEqual(shown, problems);
    assert.equal(loaded.config, undefined);
  });
}
