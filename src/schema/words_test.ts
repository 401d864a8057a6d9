import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExpressionSite, Reading } from "./word.ts";
import * as words from "./words.ts";
import type { Word } from "./words.ts";

const timeout = words.shapes(
  [
    words.mapped(words.duration("One attempt."), (attempt) => ({ attempt })),
    words.settings({ attempt: words.duration("One attempt.") }, "Each phase by itself."),
  ],
  (raw) => words.isMap(raw) ? 1 : 0,
  "How long.",
);
const request = words.section(
  {
    url: words.required(words.text("Address.")),
    timeout,
    maxBytes: words.size("Largest body."),
    expect: words.list(words.expression("A condition.", { scope: "result", gives: "bool" }), "Conditions."),
  },
  "A request.",
  { atMostOne: [["timeout", "maxBytes"]] },
);

function read<T>(word: Word<T>, raw: unknown, written: { [path: string]: string } = {}) {
  const problems: string[] = [];
  const sites: ExpressionSite[] = [];
  const reading: Reading = {
    report: (path, message, where) =>
      problems.push(`${path.join(".")}${where?.on ? " (key)" : ""}: ${message}`),
    found: (site) => sites.push(site),
    written: (path) => written[path.join(".")],
    quoted: () => undefined,
    home: () => undefined,
  };
  return { value: word.read(raw, { path: [], scope: "item", reading }), problems, sites };
}

test("section() reads short forms, units and expressions into their normal form", () => {
  const { value, problems, sites } = read(request, {
    url: "/u/${{ item }}",
    timeout: "1m30s",
    expect: ["${{ status == 200 }}", true],
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    url: "/u/${{ item }}",
    timeout: { attempt: 90_000 },
    expect: ["status == 200", "true"],
  });
  assert.deepEqual(
    sites.map((site) => [site.path.join("."), site.form, site.scope, site.offset, site.gives]),
    [["url", "template", "item", 0, "text"], ["expect.0", "expression", "result", 4, "bool"], [
      "expect.1",
      "expression",
      "result",
      0,
      "bool",
    ]],
  );
});

test("section() knows what other tools call its keys, which are then not missing", () => {
  const task = words.section(
    {
      command: words.required(words.fixedText("A program.")),
      cwd: words.fixedText("Where."),
      needs: words.fixedText("What."),
    },
    "A task.",
  );
  assert.deepEqual(read(task, { cmd: "x", working_directory: "y", "depends-on": "z", colour: 1 }).problems, [
    'cmd (key): unknown key "cmd"; did you mean "command"?',
    'working_directory (key): unknown key "working_directory"; did you mean "cwd"?',
    'depends-on (key): unknown key "depends-on"; did you mean "needs"?',
    'colour (key): unknown key "colour"; known keys are command, cwd, needs',
  ]);
});

test("section() reports every problem at once", () => {
  const { problems } = read(request, { ulr: "/x", timeout: 10, maxBytes: "3 MB", expect: "ok" });
  assert.deepEqual(problems, [
    'ulr (key): unknown key "ulr"; did you mean "url"?',
    "timeout: a duration needs a unit: write 10ms or 10s, not 10",
    "maxBytes: write 3MB, without spaces",
    'expect: expected a list, got "ok": write ["ok"]',
    'maxBytes (key): "timeout" and "maxBytes" cannot stand together: leave out one of them',
  ]);
});

test("settings() keep null, which goes back to built-in; section() refuses it", () => {
  assert.deepEqual(read(timeout, { attempt: null }).value, { attempt: null });
  assert.deepEqual(read(request, { url: "/", maxBytes: null }).problems, [
    "maxBytes: expected a size such as 10MB, got nothing",
  ]);
  // What says which of several things a section is has nothing to go back to.
  const either = {
    a: words.fixedText("One."),
    b: words.fixedText("The other."),
    c: words.fixedText("More."),
  };
  const program = words.settings(either, "A program.", { exactlyOne: ["a", "b"] });
  const { problems } = read(program, { a: null, c: null });
  assert.deepEqual(problems, ["a: expected text, got nothing"]);
});

test("duration(), size(), count(), share() and flag() keep a template and read what it gives", () => {
  const rows: [Word<unknown>, unknown, unknown][] = [
    [words.duration(""), "10s", 10_000],
    [words.size(""), "64KiB", 65_536],
    [words.count(""), "8", 8],
    [words.count(""), 8n, 8],
    [words.share(""), "5%", 0.05],
    [words.flag(""), "true", true],
  ];
  for (const [word, rendered, expected] of rows) {
    const { value } = read(word, "${{ params.x }}");
    assert.ok(words.isTemplated(value));
    assert.deepEqual(words.readTemplated(value, rendered), { ok: expected });
  }
});

test("count() and flag() refuse texts and say what to write", () => {
  assert.deepEqual(read(words.count(""), "8").problems, [
    ': expected a whole number of at least 0, got the text "8": leave out the quotes',
  ]);
  assert.deepEqual(read(words.flag(""), "yes").problems, [": write true, not yes"]);
});

test("text() refuses a number that YAML would rewrite, and fixedText() refuses an expression", () => {
  assert.equal(read(words.text(""), 8080).value, "8080");
  assert.deepEqual(read(words.text(""), 7, { "": "007" }).problems, [
    ': as text, 007 would become 7: write "007" in quotes',
  ]);
  assert.deepEqual(read(words.fixedText(""), "${{ item }}").problems, [
    ": no ${{ }} may stand here: this is fixed in the config, write it out",
  ]);
});

test("named() refuses expressions as keys, and anything() finds them at any depth", () => {
  assert.deepEqual(read(words.named(words.text(""), "", words.anyKey), { "${{ a }}": "x" }).problems, [
    "${{ a }} (key): a key cannot hold an expression",
  ]);
  const { sites } = read(words.anything(""), { a: [1, { b: "${{ item.b }}" }] });
  assert.deepEqual(sites.map((site) => site.path), [["a", 1, "b"]]);
});

test("json() describes every shape, and null where a setting can be reset", () => {
  assert.deepEqual(timeout.json(), {
    anyOf: [
      {
        anyOf: [
          { type: "string", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$" },
          { type: "string", pattern: "\\$\\{\\{[\\s\\S]*\\}\\}" },
        ],
        description: "One attempt.",
      },
      {
        type: "object",
        properties: {
          attempt: {
            anyOf: [
              {
                anyOf: [
                  { type: "string", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$" },
                  { type: "string", pattern: "\\$\\{\\{[\\s\\S]*\\}\\}" },
                ],
                description: "One attempt.",
              },
              { type: "null" },
            ],
            description: "One attempt.",
          },
        },
        additionalProperties: false,
        description: "Each phase by itself.",
      },
    ],
    description: "How long.",
  });
});
