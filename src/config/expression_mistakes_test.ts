import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";

/** Expressions and names that cannot work, and what is said about them: line, column, message. */
const cases: readonly { name: string; text: string; problems: readonly string[] }[] = [
  {
    name: "names that expressions cannot read",
    text: `version: 1
params: { my-day: x, in: y }
secrets: { "2nd": { env: X } }
targets: { my api: { concurrency: 1 } }
tasks:
  my-task: { exec: { command: [x] }, outputs: { a-b: stdout } }
  a: { foreach: [1], exec: { command: [x] }, matrix: { if: [1] } }
  b: { foreach: { range: "1..2", as: item }, exec: { command: [x] } }
  c: { foreach: { range: "1..2", as: stdout }, exec: { command: [x] } }
  d: { foreach: { range: "1..2", as: my-id }, exec: { command: [x] } }
`,
    problems: [
      '2:11: "my-day" is no name: letters, digits and _ only, and no digit first; did you mean myDay?',
      '2:22: "in" is a word of the expression language; did you mean in_?',
      '3:12: "2nd" is no name: letters, digits and _ only, and no digit first; did you mean _2nd?',
      '4:12: "my api" is no name: letters, digits and _ only, and no digit first; did you mean myApi?',
      '6:3: "my-task" is no name: letters, digits and _ only, and no digit first; did you mean myTask?',
      '6:49: "a-b" is no name: letters, digits and _ only, and no digit first; did you mean aB?',
      '7:56: "if" is a word of the expression language; did you mean if_?',
      '8:38: "item" is taken: expressions read something else by it',
      '9:38: "stdout" is taken: in expressions it is the stdout of an exec result',
      '10:38: "my-id" is no name: letters, digits and _ only, and no digit first; did you mean myId?',
    ],
  },
  {
    name: "names that are not there",
    text: `version: 1
params: { day: x }
tasks:
  a:
    foreach: { csv: hosts.csv, as: host }
    http: { url: "https://x/\${{ hots.name }}/\${{ params.dya }}", headers: { x: "\${{ secrets.token }}" } }
    if: status == 200
    key: "\${{ run.id }}-\${{ host.name }}"
    expect: [jsn.ok, "staus == 200"]
  b:
    http: { url: "\${{ item }}", query: { x: "\${{ matrix.size }}" } }
`,
    problems: [
      '6:33: unknown name "hots"; did you mean "host"? (known here: params, secrets, run, index, item, host, needs)',
      '6:57: unknown name "dya"; did you mean "day"? (params has day)',
      '6:93: unknown name "token" (secrets has nothing)',
      '7:9: unknown name "status" (known here: params, run, index, item, host, needs); there is no result yet here: "expect", "outputs" and "save" read it',
      '8:15: unknown name "run" (known here: params, index, item, host); a key must be the same in the next run, which resumes by it',
      '9:14: unknown name "jsn"; did you mean "json"? (known here: params, secrets, run, index, item, host, needs, status, headers, text, json, bytes, url, durationMs)',
      '9:23: unknown name "staus"; did you mean "status"? (known here: params, secrets, run, index, item, host, needs, status, headers, text, json, bytes, url, durationMs)',
      '11:23: unknown name "item" (known here: params, secrets, run, index, needs); this task has no "foreach", so it has no items',
      '11:50: unknown name "matrix" (known here: params, secrets, run, index, needs); this task has no "matrix"',
    ],
  },
  {
    name: "results that are not needed",
    text: `version: 1
tasks:
  a: { exec: { command: [x] }, outputs: { n: stdout } }
  b: { exec: { command: ["\${{ needs.a.outputs.n }}"] } }
`,
    problems: [
      '4:37: unknown name "a" (needs has nothing); to read it, name it in the task\'s needs: [a]',
    ],
  },
  {
    name: "types that can never be equal, conditions that are none, lists that are none",
    text: `version: 1
params: { n: 3 }
tasks:
  a:
    foreach: { csv: hosts.csv }
    if: item.port == 22
    exec: { command: [x] }
    expect: [stdout, "\${{ exitCode }}", "stdout.matches('(')"]
  b:
    foreach: { values: params.n }
    exec: { command: [x] }
`,
    problems: [
      '6:9: item.port is text and 22 is a whole number: they can never be equal; write int(item.port) == 22 to compare or compute with numbers, or item.port == "22" for texts',
      "8:14: this gives text; a condition gives true or false: compare it with something",
      "8:27: this gives a whole number; a condition gives true or false: compare it with something",
      '8:42: matches() takes a regular expression in RE2\'s syntax; it got "("',
      "10:24: this gives a whole number, but a list is needed",
    ],
  },
  {
    name: "a text with quotes inside brackets",
    text: `version: 1
tasks:
  a:
    http: { url: "https://x/\${{ item.id" }
    if: params.a and params.b
    expect: [size(json.a, "b") > 0]
    outputs: { x: "", y: "\${{ }}", z: "\${{ json }}-\${{ json }}" }
    save: "out/\${{ }}.json"
`,
    problems: [
      "6:30: inside { } and [ ] a text with commas or quotes in it must stand in quotes as a whole",
    ],
  },
  {
    name: "secrets where they would be seen",
    text: `version: 1
secrets: { t: { env: T } }
tasks:
  a:
    foreach: [a, b]
    key: "\${{ item }}\${{ secrets.t }}"
    if: secrets.t != ""
    exec: { command: [x, "\${{ secrets.t }}"], env: { T: "\${{ secrets.t }}" }, stdin: "\${{ secrets.t }}" }
    outputs: { t: secrets.t, u: { value: secrets.t, secret: true } }
    save: "out/\${{ item }}\${{ secrets.t }}"
    timeout: "\${{ secrets.t }}"
`,
    problems: [
      "6:10: a secret cannot be used here: this stands in reports or on a command line",
      "7:9: a secret cannot be used here: this stands in reports or on a command line",
      "8:26: a secret cannot be used here: this stands in reports or on a command line",
      "9:19: a secret cannot be used here: this stands in reports or on a command line",
      "9:42: a secret cannot be used here: this stands in reports or on a command line",
      "10:11: a secret cannot be used here: this stands in reports or on a command line",
      "11:14: a secret cannot be used here: this stands in reports or on a command line",
    ],
  },
  {
    name: "expressions where nothing is rendered",
    text: `version: 1
name: "x \${{ run.id }}"
targets: { api: { http: { baseUrl: "\${{ item }}" } } }
run: { onFailure: "\${{ params.x }}", concurrency: "\${{ item }}" }
tasks:
  a:
    target: "\${{ params.target }}"
    foreach: { lines: "\${{ item }}.txt", as: "\${{ x }}" }
    exec: { shell: "echo \${{ item }}", env: { "\${{ item }}": x } }
`,
    problems: [
      "2:7: no ${{ }} may stand here: this is fixed in the config, write it out",
      '3:41: unknown name "item" (known here: params, secrets, run)',
      "4:19: no ${{ }} may stand here: this is fixed in the config, write it out",
      '4:56: unknown name "item" (known here: params, run)',
      "7:13: no ${{ }} may stand here: this is fixed in the config, write it out",
      '8:28: unknown name "item" (known here: params, run, needs)',
      "8:46: no ${{ }} may stand here: this is fixed in the config, write it out",
      "9:20: no ${{ }} may stand in a shell text, where data would be run as commands: " +
      'write env: { VALUE: "${{ … }}" } beside it, and "$VALUE" in it',
      "9:47: a key cannot hold an expression",
    ],
  },
  {
    name: "runs that cannot be told apart",
    text: `version: 1
params: { day: x }
tasks:
  a:
    foreach: { lines: ids.txt, as: id }
    key: "\${{ params.day }}"
    http: { url: "\${{ id }}" }
    save: out.json
  b:
    matrix: { size: [1, 2] }
    exec: { command: [x] }
    save: { path: "out/\${{ params.day }}.json" }
`,
    problems: [
      "6:10: every run of this task would have this key: put what tells them apart into it, such as ${{ id }}",
      "8:11: every run of this task would write this file: put what tells them apart into it, such as ${{ id }}",
      "12:19: every run of this task would write this file: put what tells them apart into it, such as ${{ matrix.size }}",
    ],
  },
  {
    name: "expressions that do not parse as CEL",
    text: `version: 1
tasks:
  a:
    http: { url: "https://x/\${{ item.id" }
    if: params.a and params.b
    expect: [size(json, b)]
    outputs: { x: "", y: "\${{ }}", z: "\${{ json }}-\${{ json }}" }
    save: "out/\${{ }}.json"
`,
    problems: [
      "4:29: this ${{ is not closed by }}; write $${{ for the text ${{",
      "5:18: write && instead of and",
      '6:22: ")" is missing; inside { } and [ ] a comma ends a value, so put the expression in quotes',
      '6:26: ")" cannot stand here; inside { } and [ ] a comma ends a value, so put the expression in quotes',
      "7:19: expected an expression, got an empty text",
      "7:26: the ${{ }} is empty",
      "7:39: this is an expression as a whole: leave out the ${{ }}, or put it around all of it",
      "8:16: the ${{ }} is empty; write $${{ for the text ${{",
    ],
  },
  {
    name: "outputs that are secret, where they would be seen",
    text: `version: 1
tasks:
  a: { http: { url: "https://x" }, outputs: { token: { value: json.t, secret: true }, id: json.id } }
  b:
    needs: [a]
    exec: { command: [x, "\${{ needs.a.outputs.token }}"], env: { T: "\${{ needs.a.outputs.token }}" } }
    if: needs.a.outputs.token != needs.a.outputs.id
    outputs:
      again: needs.a.outputs.token
      header: { value: "'Bearer ' + needs.a.outputs.token", secret: true }
    save: "\${{ needs.a.outputs.id }}"
  c: { foreach: { from: a }, exec: { command: [x, "\${{ item.outputs.token }}", "\${{ item.outputs.id }}"] } }
`,
    problems: [
      "6:26: needs.a.outputs.token is secret and cannot be used here: this stands in reports or on a command line",
      "7:9: needs.a.outputs.token is secret and cannot be used here: this stands in reports or on a command line",
      "9:14: needs.a.outputs.token is secret and cannot be used here: this stands in reports or on a command line",
      '12:69: unknown name "token" (item.outputs has id); it is secret and no part of an item: name the task in needs and read needs.a.outputs.token',
    ],
  },
  {
    name: "keys of maps without quotes",
    text: `version: 1
tasks:
  a: { http: { url: "https://x", paginate: { items: json, next: "{page: pageNumber + 1}" } } }
  b: { http: { url: "https://x" }, outputs: { o: "{'a': 1, id: json.id}" } }
`,
    problems: [
      `3:67: unknown name "page"; did you mean "pageNumber"? (known here: params, secrets, run, index, needs, status, headers, text, json, bytes, url, durationMs, pageNumber); a key of a map is a text of its own: 'page': …`,
      `4:60: unknown name "id" (known here: params, run, index, needs, status, headers, text, json, bytes, url, durationMs); a key of a map is a text of its own: 'id': …`,
    ],
  },
  {
    name: "targets that are families, for tasks that cannot tell which pool is theirs",
    text: `version: 1
targets:
  web: { per: item.region, rate: 1/s }
  site: { per: origin }
tasks:
  a: { target: web, foreach: { csv: hosts.csv }, exec: { command: [x] } }
  b: { target: web, exec: { command: [x] } }
  c: { target: site, exec: { command: [x] } }
  d: { target: site, http: { url: "https://x" } }
`,
    problems: [
      '7:16: target "web" has one pool per item.region, which this task cannot tell: unknown name "item" (known here: params, secrets, run, index, needs)',
      '8:16: target "site" has "per: origin", and only http tasks have an origin',
    ],
  },
  {
    name: "lists and maps in texts",
    text: `version: 1
params: { l: { default: [1] }, m: { default: { a: 1 } } }
tasks:
  a: { exec: { command: [x, "\${{ params.l }}", "v=\${{ params.m }}", "\${{ params.m.a }}", "\${{ [1] }}-\${{ params.l }}"] } }
  b: { http: { url: "https://x/\${{ params.l }}", json: { a: "\${{ params.l }}", b: "x\${{ params.l }}" }, query: { q: "\${{ params.l }}" } } }
  c: { foreach: { csv: hosts.csv }, exec: { command: [x, "\${{ item }}", "\${{ item.host }}"] } }
  d: { foreach: { range: "1..9", batch: 3 }, exec: { command: [x, "\${{ item }}", "\${{ item[0] }}"] } }
  e: { matrix: { s: [1, 2] }, exec: { command: [x], stdin: "\${{ matrix }}" }, outputs: { v: params.l } }
  f: { foreach: [{ a: 1 }], sql: { url: "sqlite:x.db", query: "select ?, ?", params: ["\${{ params.l }}", "\${{ item.a }}"] } }
`,
    problems: [
      '4:34: this gives a list, and a text is needed: write toJson(params.l), or join its elements with .join(",")',
      "4:55: this gives a map, and a text is needed: write toJson(params.m), or read one of its fields",
      '4:95: this gives a list, and a text is needed: write toJson([1]), or join its elements with .join(",")',
      '4:106: this gives a list, and a text is needed: write toJson(params.l), or join its elements with .join(",")',
      '5:36: this gives a list, and a text is needed: write toJson(params.l), or join its elements with .join(",")',
      '5:89: this gives a list, and a text is needed: write toJson(params.l), or join its elements with .join(",")',
      "6:63: this gives a map, and a text is needed: write toJson(item), or read one of its fields",
      '7:72: this gives a list, and a text is needed: write toJson(item), or join its elements with .join(",")',
      "8:65: this gives a map, and a text is needed: write toJson(matrix), or read one of its fields",
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
