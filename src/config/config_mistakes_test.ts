import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";

/** Configs that are YAML and yet wrong, and what is said about them: line, column, message. */
const cases: readonly { name: string; text: string; problems: readonly string[] }[] = [
  {
    name: "unknown keys, with what was meant",
    text: `version: 1
nam: x
runs: { concurency: 3 }
tasks:
  a:
    htpp: { url: https://x }
  b:
    http: { ulr: x, metod: GET }
    retries: 3
`,
    problems: [
      '2:1: unknown key "nam"; did you mean "name"?',
      '3:1: unknown key "runs"; did you mean "run"?',
      '6:5: unknown key "htpp"; did you mean "http"?',
      '8:13: unknown key "ulr"; did you mean "url"?',
      '8:21: unknown key "metod"; did you mean "method"?',
      '9:5: unknown key "retries"; did you mean "retry"?',
    ],
  },
  {
    name: "addresses that cannot be called",
    text: `version: 1
run: { notify: [{ url: "hc.example.com/abc" }, { url: "\${{ params.hook }}" }, { url: "https://x", on: [end] }] }
params: { hook: { default: "https://y" } }
tasks: { a: { exec: { command: [x] } } }
`,
    problems: [
      '2:24: expected an http or https URL, got "hc.example.com/abc"',
      '2:104: "end" cannot stand here: expected start, success or failure',
    ],
  },
  {
    name: "short forms that are none",
    text: `version: 1
tasks:
  a: { retry: three, timeout: soon, save: [x], exec: { command: [x] } }
  b: { needs: [{ a: any }], exec: { command: [x] } }
  c:
    needs: [a, { b: }]
    retry: "3"
    exec: { command: [x] }
targets: { t: { rate: fast } }
`,
    problems: [
      "3:15: expected a whole number of at least 1; or write a map: { attempts: 3, backoff: { initial: 200ms } }",
      '3:31: expected a duration such as 10s, got "soon"; or write a map: { attempt: 10s, total: 1m }',
      '3:43: expected text, got a list; write it in quotes: save: "[x]"; or write a map: { path: out/x.json, if: "status == 200" }',
      "4:15: a list has names only: write needs: { a: any }",
      "6:12: a list has names only: write needs: { a: ok, b: ok }",
      '7:12: expected a whole number of at least 1, got the text "3": leave out the quotes',
      '9:23: expected a rate such as 100/s or 600/1m, got "fast"; or write a map: { limit: 100/s, burst: 10 }',
    ],
  },
  {
    name: "what is missing",
    text: `tasks:
  a: { http: {} }
  b: { timeout: 3s }
  c: { exec: { command: [x] }, save: {}, collect: { path: x.csv } }
secrets: { t: {} }
`,
    problems: [
      '1:1: "version" is missing',
      '2:14: "url" is missing',
      "3:6: one of http, file, exec, sql or redis is missing",
      '4:38: "path" is missing',
      '4:51: "value" is missing',
      "5:15: one of env, file or command is missing",
    ],
  },
  {
    name: "kinds that stand together",
    text: `version: 1
secrets: { t: { env: T, file: t } }
targets: { a: { http: {}, sql: {} } }
tasks:
  a: { http: { url: https://x, json: 1, body: x }, exec: { command: [x] } }
  b: { exec: { command: [x], shell: x }, foreach: { lines: a, csv: b, each: x, select: y, delimiter: ";;" } }
`,
    problems: [
      '2:25: "env" and "file" cannot stand together: leave out one of them',
      '3:27: "http" and "sql" cannot stand together: leave out one of them',
      '5:41: "json" and "body" cannot stand together: leave out one of them',
      '5:52: "http" and "exec" cannot stand together: leave out one of them',
      '6:30: "command" and "shell" cannot stand together: leave out one of them',
      '6:63: "lines" and "csv" cannot stand together: leave out one of them',
      '6:71: "each" goes with "from" only',
      '6:77: unknown name "x" (known here: params, run)',
      '6:80: "select" goes with "json" only',
      '6:88: unknown name "y" (known here: params, run, needs, json)',
      '6:102: a delimiter is one character, got ";;"',
    ],
  },
  {
    name: "durations, sizes, shares and rates",
    text: `version: 1
run: { timeout: 10, grace: 5 s, jitter: 1min, maxFailures: 120%, captureBudget: 1gb }
defaults: { timeout: { attempt: "30", connect: soon, idle: -1s }, concurrency: 0 }
targets:
  a: { rate: 100, concurrency: "8", breaker: { failureRate: 0.5 } }
  b: { rate: 0/s, concurrency: { min: 4, max: 2 } }
  c: { rate: 10/sec, concurrency: { max: 2 } }
  d: { rate: { burst: 2 }, concurrency: many }
tasks: {}
`,
    problems: [
      "2:17: a duration needs a unit: write 10ms or 10s, not 10",
      "2:28: write 5s, without spaces",
      '2:41: "min" is no unit of a duration: write 1m',
      "2:60: expected a share such as 5%, from 0% to 100%",
      '2:81: "gb" is no unit of a size: write 1GB',
      "3:33: a duration needs a unit: write 30ms or 30s, not 30",
      '3:48: expected a duration such as 10s, got "soon"',
      '3:60: expected a duration such as 10s, got "-1s"',
      "3:80: expected a whole number of at least 1, cpus, auto, or bounds such as { min: 2, max: 16 }",
      "5:14: a rate says per what: write 100/s or 100/m, not 100",
      '5:32: "8" is a text: leave out the quotes',
      "5:61: expected a share such as 5%, from 0% to 100%: write 50%",
      "6:14: a rate is more than nothing, got 0/s",
      "6:32: min is 4, which is more than max, 2",
      '7:14: expected a rate such as 100/s or 600/1m, got "10/sec"; or write a map: { limit: 100/s, burst: 10 }',
      '7:35: "min" is missing',
      '8:14: "limit" is missing',
      "8:41: expected a whole number of at least 1, cpus, auto, or bounds such as { min: 2, max: 16 }",
    ],
  },
  {
    name: "switches and choices",
    text: `version: 1
run: { onFailure: stop }
tasks:
  a: { exec: { command: [x] }, allowFailure: yes, idempotent: "true", capture: fail }
  b: { exec: { command: [x] }, retry: { attempts: 0, backoff: { jitter: ful } } }
  c: { exec: { command: [x] }, retry: false, needs: { a: okay } }
`,
    problems: [
      '2:19: "stop" cannot stand here: expected drain or cancel',
      "4:46: write true, not yes",
      '4:63: "true" is a text: leave out the quotes',
      '4:80: "fail" cannot stand here: did you mean failed?',
      "5:51: attempts count the first try too: write 1 for no retry, not 0",
      '5:73: "ful" cannot stand here: did you mean full?',
      "6:39: attempts count the first try too: write 1 for no retry, not false",
      '6:58: "okay" cannot stand here: expected ok, any or done',
    ],
  },
  {
    name: "numbers whose text would change",
    text: `version: 1
params: { zip: 007, version: 3.10 }
tasks:
  a:
    foreach: [1e3, 0x1F, 1_000, .5, +5, -0, 1.0, 12, 0.5, -3, "007", True, ~]
    matrix: { n: [01], exclude: [{ n: 01 }] }
    http: { url: 1.10, headers: { a: 1.0, b: true, c: 12 } }
`,
    problems: [
      '2:16: 007 would become 7: write "007" in quotes if it is text, else 7',
      '2:30: 3.10 would become 3.1: write "3.10" in quotes if it is text, else 3.1',
      '5:15: 1e3 would become 1000: write "1e3" in quotes if it is text, else 1000',
      '5:20: 0x1F would become 31: write "0x1F" in quotes if it is text, else 31',
      '5:26: 1_000 is a text: write "1_000" in quotes, or 1000 if it is a number',
      '5:33: .5 would become 0.5: write ".5" in quotes if it is text, else 0.5',
      '5:37: +5 would become 5: write "+5" in quotes if it is text, else 5',
      '5:41: -0 would become 0: write "-0" in quotes if it is text, else 0',
      '5:45: 1.0 would become 1: write "1.0" in quotes if it is text, else 1',
      '5:70: True would become true: write "True" in quotes if it is text, else true',
      '6:19: 01 would become 1: write "01" in quotes if it is text, else 1',
      '6:39: 01 would become 1: write "01" in quotes if it is text, else 1',
      '7:18: as text, 1.10 would become 1.1: write "1.10" in quotes',
      '7:38: as text, 1.0 would become 1: write "1.0" in quotes',
    ],
  },
  {
    name: "lists and maps where something else belongs",
    text: `version: 1
params: { a: [x], b: { defualt: 1 } }
tasks:
  a: { exec: { command: echo hi }, expect: stdout != "", needs: b, matrix: { n: 3 } }
  b: { http: { url: [a], headers: [b], okStatus: [20, 200-100, ok] }, outputs: [x], foreach: 3 }
  d: { exec: { command: [x] }, foreach: ids.csv }
  c: text
`,
    problems: [
      "2:14: write a list as { default: [...] }",
      '2:24: unknown key "defualt"; did you mean "default"?',
      '4:25: expected a list, got "echo hi": write [echo, hi], or shell: "echo hi"',
      '4:44: expected a list, got "stdout != \\"\\"": write [\'stdout != ""\']',
      '4:65: expected a list, got "b": write ["b"]',
      "4:81: expected a list, got 3: write [3]",
      '5:21: expected text, got a list; write it in quotes: url: "[a]"',
      '5:35: expected a map of names, got a list: write "name: …" for each, without the "-" or [ ]',
      "5:51: expected a whole number from 100 to 599",
      '5:55: expected a status or a range such as 200-299, got "200-100"',
      '5:64: expected a status or a range such as 200-299, got "ok"',
      '5:80: expected a map of names, got a list: write "name: …" for each, without the "-" or [ ]',
      "5:94: expected a list, got 3: write a list, { lines: FILE }, or an expression in ${{ }}",
      '6:41: expected a list, got "ids.csv": write { csv: "ids.csv" }',
      '7:6: expected a map, got "text": it needs http, file, exec, sql or redis',
    ],
  },
  {
    name: "what retries name",
    text: `version: 1
tasks:
  a: { http: { url: https://x }, retry: { on: [http_status:409, http_status, exit_code:1, tiemout, http_status:x, timeout:3] } }
  b: { exec: { command: [x] }, retry: { on: [exit_code:255, exit_code:300, http_status:500] } }
`,
    problems: [
      '3:78: warning: "exit_code:1" never happens to http tasks, so this retries nothing',
      '3:91: "tiemout" is no error code; did you mean "timeout"?',
      '3:100: expected a status such as http_status:409, got "http_status:x"',
      '3:115: "timeout" stands alone: only http_status and exit_code take a number after a colon',
      '4:61: expected an exit code such as exit_code:255, got "exit_code:300"',
      '4:76: warning: "http_status:500" never happens to exec tasks, so this retries nothing',
    ],
  },
  {
    name: "tasks and targets that are not there",
    text: `version: 1
targets: { api: { http: { baseUrl: "https://x.test" } }, cpu: { concurrency: 2 }, file: { sql: {} } }
tasks:
  a: { target: apo, http: { url: https://x }, needs: [b, bb, htpp] }
  b: { target: api, exec: { command: [x] } }
  c: { target: cpu, exec: { command: [x] }, foreach: { from: d } }
  htpp: { htpp: {} }
`,
    problems: [
      "2:91: targets.file is the pool of file tasks that name no target; give a target for sql another name",
      '4:16: target "apo" is not defined; did you mean "api"?',
      '4:58: task "bb" is not defined; did you mean "b"?',
      '5:16: target "api" is for http tasks, but "b" is of kind exec',
      '6:62: task "d" is not defined; did you mean "a"?',
      '7:11: unknown key "htpp"; did you mean "http"?',
    ],
  },
  {
    name: "tasks that wait for each other",
    text: `version: 1
tasks:
  a: { exec: { command: [x] }, needs: [c, d] }
  b: { exec: { command: [x] }, needs: { a: any } }
  c: { exec: { command: [x] }, foreach: { from: b } }
  d: { exec: { command: [x] }, needs: [d] }
`,
    problems: [
      "3:39: these tasks wait for each other: a → c → b → a; break the circle at one of them",
      '6:39: task "d" waits for itself',
    ],
  },
  {
    name: "files that are written twice",
    text: `version: 1
tasks:
  a: { http: { url: https://x }, save: out/a.json }
  b: { http: { url: https://x }, save: { path: ./out//a.json } }
  c: { http: { url: https://x }, foreach: { lines: ids.csv }, collect: { path: ids.csv, value: json } }
  d: { http: { url: https://x }, save: c.yaml }
report: { json: out/a.json, html: /dev/stdout, junit: /dev/stdout, prometheus: /dev/null }
`,
    problems: [
      '4:48: ./out//a.json is also where task "a" saves: write to another path',
      '5:80: ids.csv is also the source of task "c": write to another path',
      "6:40: c.yaml is also the config itself: write to another path",
      '7:17: out/a.json is also where task "b" saves: write to another path',
      "7:55: /dev/stdout is also the html report: write to another path",
    ],
  },
  {
    name: "ranges",
    text: `version: 1
tasks:
  a: { foreach: { range: 1..x }, exec: { command: [x] } }
  b: { foreach: { range: 5..1 }, exec: { command: [x] } }
  c: { foreach: { range: "1..\${{ params.n }}" }, exec: { command: [x] } }
`,
    problems: [
      '3:26: expected a range such as 1..100, got "1..x"',
      "4:26: a range counts up: write 1..5, not 5..1",
      '5:41: unknown name "n" (params has nothing)',
    ],
  },
  {
    name: "keys in the wrong section",
    text: `version: 1
concurrency: 8
timeout: 10s
foreach: [1]
run: { retry: 3, tasks: 3 }
defaults: { baseUrl: x, foreach: [1] }
targets:
  api: { baseUrl: "https://x.test", http: { rate: 3/s }, foreach: [1], breaker: { per: origin } }
tasks:
  a: { http: { url: https://x, timeout: 3s, rate: 3/s, retries: 3 }, maxFailures: 3 }
  b: { url: https://x, rate: 3/s, exec: { command: [x], okStatus: [200] } }
  c: { foreach: { range: 1..3, key: "\${{ item }}" }, exec: { command: [x] }, needs: { a: null }, unique: true }
target: { web: { breaker: { per: origin } } }
`,
    problems: [
      '2:1: unknown key "concurrency"; it belongs to "run"',
      '3:1: unknown key "timeout"; it belongs to "run"',
      '4:1: unknown key "foreach"; it belongs to a task',
      '5:8: unknown key "retry"; it belongs to "defaults", or to a target',
      '5:18: unknown key "tasks"; known keys are concurrency, timeout, maxFailures, onFailure, grace, lock, jitter, notify, captureBudget, keepRuns',
      '6:13: unknown key "baseUrl"; known keys are concurrency, rate, timeout, retry, breaker, capture, http, file, exec, sql, redis',
      '6:25: unknown key "foreach"; it belongs to a task',
      '8:10: unknown key "baseUrl"; it stands under "http"',
      '8:45: unknown key "rate"; it stands one level up, beside "http"',
      '8:58: unknown key "foreach"; it belongs to a task',
      '8:83: unknown key "per"; it stands one level up, beside "breaker"',
      '10:32: unknown key "timeout"; it stands one level up, beside "http"',
      '10:45: unknown key "rate"; it belongs to a target',
      '10:56: unknown key "retries"; known keys are url, method, query, headers, auth, okStatus, redirects, maxRedirects, maxBytes, network, tls, proxy, json, form, body, idempotencyKey, paginate',
      '10:70: unknown key "maxFailures"; it belongs to "run"',
      '11:8: unknown key "url"; it stands under "http", "sql" or "redis"',
      '11:24: unknown key "rate"; it belongs to a target',
      '11:57: unknown key "okStatus"; known keys are command, shell, env, cwd, stdin, okExitCodes, maxBytes',
      '12:32: unknown key "key"; it stands one level up, beside "foreach"',
      "12:90: here is nothing: expected ok, any or done",
      '12:98: unknown key "unique"; it stands under "foreach"',
      '13:1: unknown key "target"; did you mean "targets"?',
    ],
  },
  {
    name: "timeouts that say nothing, and polls without an end",
    text: `version: 1
targets: { api: { http: { baseUrl: "https://x" }, timeout: { connect: 3s, total: 1m } }, db: { sql: { url: "sqlite:x.db" }, timeout: { firstByte: 3s } } }
tasks:
  a: { exec: { command: [x] }, timeout: { connect: 3s, attempt: 2m, total: 1m } }
  b: { http: { url: "https://x" }, retry: { until: json.done } }
  c: { target: api, http: { url: x }, retry: { until: json.done } }
  d: { target: api, http: { url: x }, retry: { until: json.done }, timeout: { total: null } }
  e: { http: { url: "https://x" }, retry: { until: json.done, attempts: 9 } }
`,
    problems: [
      '2:136: warning: sql tasks have no phase that "firstByte" could end, so this says nothing',
      '4:43: warning: exec tasks have no phase that "connect" could end, so this says nothing',
      "4:65: warning: an attempt may take 2m, but the whole task run ends after 1m: no attempt can use its time",
      "5:45: this would poll for ever: set how long at most, as in timeout: { total: 5m }, or how often, by attempts",
      "7:48: this would poll for ever: set how long at most, as in timeout: { total: 5m }, or how often, by attempts",
    ],
  },
  {
    name: "limits that adapt within one that does",
    text: `version: 1
tasks:
  a: { http: { url: "https://x" }, concurrency: { min: 1, max: 4 } }
  b: { http: { url: "https://x" }, concurrency: auto }
  c: { http: { url: "https://x" }, concurrency: cpus }
`,
    problems: [
      "3:49: a task's own concurrency is a number or cpus: only a target's limit adapts; write the bounds there",
      "4:49: a task's own concurrency is a number or cpus: only a target's limit adapts; write the bounds there",
    ],
  },
  {
    name: "connections that are not there",
    text: `version: 1
defaults: { http: { headers: { user-agent: me } } }
targets: { api: { http: { baseUrl: "https://x", auth: { bearer: t } } } }
tasks:
  a: { http: { url: /users } }
  b: { target: api, http: { url: /users } }
  c: { sql: { query: select 1 } }
  d: { redis: { command: [GET, a] } }
`,
    problems: [
      '5:21: "/users" is relative: name a target that has a baseUrl, or write https://… in full',
      '7:13: no database is named: write a "url" here, or name a target that has one',
      '8:15: no server is named: write a "url" here, or name a target that has one',
    ],
  },
  {
    name: "URLs of no database",
    text: `version: 1
targets:
  db: { sql: { url: "oracle:x" } }
  late: { sql: { url: "\${{ secrets.pg }}" } }
  cache: { redis: { url: "http://h" } }
secrets: { pg: { env: PG } }
tasks:
  a: { sql: { url: "postgres://h:x/d", query: select 1 } }
  b: { sql: { url: "postgres://h/d?ssl=on", query: select 1 } }
  c: { sql: { url: "mysql://h/d?ssl-mode=ON", query: select 1 } }
  d: { sql: { url: "sqlite:a.db?mode=ro", query: select 1 } }
  e: { redis: { url: "redis://h/main", command: [PING] } }
  f: { target: late, sql: { query: select 1 } }
`,
    problems: [
      "3:21: this is no database: oracle: is not known; write postgres://host/name, mysql://host/name or sqlite:data.db",
      "5:26: this is no Redis server: http: is not known; write redis://host:6379/0",
      "8:20: this is no database: it cannot be read as scheme://host:port/name with user:password@ before the host; " +
      "in these, @ is %40, : is %3A, / is %2F, ? is %3F and # is %23",
      '9:20: this is no database: its option "ssl" is not known; known are host, port, user, password, dbname, sslmode, ' +
      "sslrootcert, sslcert, sslkey, application_name, options",
      "10:20: this is no database: ssl-mode=ON is not known; known are DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY",
      '11:20: this is no database: "?mode=ro" is no option: ?mode=rw makes no file that is missing, and readOnly: true only reads',
      '12:22: this is no Redis server: "main" is no database: they are numbered, redis://host:6379/0',
    ],
  },
  {
    name: "what was meant",
    text: `version: 1
params: { region: { default: eux, enum: [eu, us] }, n: { default: 3, enum: [1, 3] } }
run: { maxFailures: 0.05 }
targets: { api: { http: { baseUrl: api.example.com } }, db: { http: { baseUrl: "ftp://x" } } }
tasks:
  a: { http: "https://x", timeout: 1 minute, foreach: { range: 1-100 } }
  e: { exec: { command: [x] }, timeout: { attempt: 0s, total: 0s } }
  b: { http: { url: "https://x", okStatus: 2xx }, foreach: { range: [1, 9] }, retry: { on: [500, 5xx] } }
  c: { http: { url: "https://x", okStatus: [4xx] }, foreach: in/*.csv, retry: { backoff: { initial: 30s, max: 10s } } }
  d: { exec: { command: "ls | wc" }, matrix: { size: [1], f: [2], exclude: [{ siz: 1 }], include: [{ size: 2 }] } }
`,
    problems: [
      '2:30: "eux" is not one of "eu", "us"',
      "3:21: expected a whole number of at least 0, or a share: write 5%, not 0.05",
      '4:36: a baseUrl begins with http:// or https://, got "api.example.com": write https://api.example.com',
      '4:80: a baseUrl begins with http:// or https://, got "ftp://x": write https://x',
      '6:14: expected a map, got "https://x": write { url: "https://x" }',
      '6:36: "minute" is no unit of a duration: write 1m',
      '6:64: expected a range such as 1..100, got "1-100": write 1..100',
      "7:52: 0s leaves no time at all: for no timeout leave it out, or write null",
      "7:63: 0s leaves no time at all: for no timeout leave it out, or write null",
      '8:44: expected a list, got "2xx": write [200-299]',
      "8:69: expected a range such as 1..100, got a list: write 1..9",
      '8:93: "500" is no error code: write http_status:500',
      '8:98: "5xx" is no error code: write each status, http_status:500, http_status:501, …',
      '9:45: expected a status or a range such as 200-299, got "4xx": write 400-499',
      '9:62: expected a list, got "in/*.csv": write { glob: "in/*.csv" }',
      "9:90: initial is 30s, which is more than max, 10s",
      '10:25: expected a list, got "ls | wc": write a list, the program first, then each argument, or shell: "ls | wc"',
      '10:79: "siz" is no list of this matrix, so this excludes nothing; did you mean "size"?',
      "10:100: warning: this combination is appended as it is, without f: expressions that read it will fail",
    ],
  },
  {
    name: "a mistake once, and not what follows from it",
    text: `version: 1
params: { v: 3.10 }
targets: { api: { baseUrl: "https://x" } }
tasks:
  a: { target: api, http: { url: /x }, outputs: { ids: [json] } }
  b: { htpp: { url: x }, outputs: { x: json } }
  c: { needs: [a, b], exec: { command: [x, "\${{ needs.a.outputs.ids }}", "\${{ needs.b.outputs.x }}", "\${{ params.v }}"] } }
  d: { foreach: { file: x.csv, as: h }, exec: { command: [x, "\${{ h.y }}", "\${{ item.y }}"] } }
  e: { target: apy, http: { url: /x } }
  f: { sql: { url: "sqlite:x", query: "select '\${{ item }}'" } }
  g-h: { exec: { comand: [x] } }
`,
    problems: [
      '2:14: 3.10 would become 3.1: write "3.10" in quotes if it is text, else 3.1',
      '3:19: unknown key "baseUrl"; it stands under "http"',
      '5:56: expected an expression, got a list; write it as one: ids: "[json]"',
      '6:8: unknown key "htpp"; did you mean "http"?',
      "8:17: one of values, range, lines, csv, jsonl, json, glob or from is missing",
      '8:19: unknown key "file"; known keys are values, range, lines, csv, jsonl, json, glob, from, as, where, unique, batch, empty, delimiter, select, each',
      '9:16: target "apy" is not defined; did you mean "api"?',
      "10:48: a query takes no ${{ }}: write a placeholder ($1, or ?) here and the expression under params, which binds it",
      '11:3: "g-h" is no name: letters, digits and _ only, and no digit first; did you mean gH?',
      '11:18: unknown key "comand"; did you mean "command"?',
    ],
  },
  {
    name: "paths that lead elsewhere, and expressions of other programs",
    text: `version: 1
tasks:
  a: { foreach: [a], http: { url: "https://x/{{ item }}", json: { a: "\${item.x}", b: "{{ .Name }}", c: "$\${{ item }}" } } }
  b: { foreach: [a], exec: { command: [sh, -c, "echo \${item}"] }, save: "~/x/\${{ item }}" }
  c: { foreach: [a], exec: { command: [x] }, save: "../x/\${{ item }}" }
  d: { foreach: [a], exec: { command: [x] }, save: "x/../..\${{ item }}" }
  e: { exec: { command: [x] }, save: x/../../e, collect: { path: ../e.csv, value: stdout } }
  f: { exec: { command: [x] }, save: /tmp/../f }
`,
    problems: [
      "3:46: warning: this is plain text, which goes out as it is: an expression is written ${{ … }}",
      "3:71: warning: this is plain text, which goes out as it is: an expression is written ${{ … }}",
      `4:73: "~" is no home directory here: write the path from / on, or below the config's directory`,
      "5:52: ../x/${{ item }} leaves the config's directory, below which everything is saved: write an absolute path if this is meant",
      "7:38: x/../../e leaves the config's directory, below which everything is saved: write an absolute path if this is meant",
      "7:66: ../e.csv leaves the config's directory, below which everything is saved: write an absolute path if this is meant",
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
