/** One page of `fanout help TOPIC`. */
export interface Topic {
  readonly name: string;
  /** At most 100 columns wide. */
  readonly text: string;
}

/** Pages on what no single command or setting explains; in the order of the alphabet. */
export const topics: readonly Topic[] = [
  {
    name: "concurrency",
    text: `How many attempts run at a time

Every task runs against a target, and a target is a pool: a place for each attempt in flight.

  targets:
    api: { http: { baseUrl: "https://api.example.com" }, concurrency: 16 }
    cpu: { concurrency: cpus }                  # one a CPU, cgroup quotas obeyed
    new: { http: { … }, concurrency: auto }     # finds its limit: { min: 1, max: 64 }

- Without a target an HTTP task gets a pool per origin (16), a file task the pool "file" (8), a
  subprocess the pool "exec" (one a CPU), a query the pool of its URL (SQL 4, Redis 16).
- run.concurrency (256) is a ceiling over all targets, shared fairly: a slow target never starves a
  fast one.
- rate: 100/s spaces attempts evenly; { limit: 100/s, burst: 10 } lets ten go at once.
- A task's own concurrency is a limit inside its pool. per: origin makes one target a pool for each
  origin.
- An adaptive limit grows by one while it is in use and all goes well, and falls when the target
  fails, throttles or slows down; auto is { min: 1, max: 64 }. The report shows where it settled,
  and each change with its reason.

See what holds and where it comes from:   fanout plan FILE
Measure a target:                         fanout tune FILE --target T
`,
  },
  {
    name: "cron",
    text: `A run that nobody watches

  run:
    timeout: 20m               # the whole process; past it everything is cancelled (exit 124)
    lock: { ifHeld: skip }     # two starts never overlap: fail (exit 4) | skip (exit 0) | wait
    jitter: 90s                # a random wait before the start; none on a terminal
    notify: [{ url: "https://hc.example.com/abc", on: [start, success, failure] }]

- fanout run FILE --quiet prints nothing unless the exit code is not 0: then the first failure, the
  counts and where the report is. That is what cron should mail.
- The lock is the kernel's: a holder that was killed blocks nobody. One that is older than its own
  run.timeout (24 h without) is not skipped in silence: exit 4.
- notify posts the summary as JSON; a run that was interrupted or timed out is a failure. An address
  that fails or hangs is tried three times, named, and fails nothing. A host called hc, hc-ping or
  healthchecks is called as those are, with /start and /fail; style: says outright which it is.
- fanout schedule FILE --at "0 2 * * *" --as cron|systemd|kubernetes prints the unit. In a pod the
  config lies in /work, where it can write; what should outlive the pod needs a volume there.
- fanout diff OLD NEW says what fails now that did not before, and exits 1 if anything does.
- cron starts programs with little in PATH and no terminal: name programs in full, or set env.
`,
  },
  {
    name: "exit-codes",
    text: `Exit codes of a run: the first that applies of 2, 5, 4, 3, signal, 124, 1, 0

  0    every task run is ok, skipped by its "if", or an allowed failure
  1    some task run failed, timed out, was skipped for another reason, or was left out after
       maxFailures
  2    config or usage error; nothing ran
  3    the journal or a report could not be written: what the run says is not durable
  4    another run holds the lock (ifHeld: skip exits 0, unless the holder is older than its
       run.timeout, or 24 h)
  5    the journal is corrupt, or belongs to another plan
  124  run.timeout passed
  130  SIGINT, 143 SIGTERM, 129 SIGHUP left something cancelled or not run; the report is written
       first

The six outcomes of a task run: ok, failed, timed_out, cancelled (it was in flight, or waiting for a
retry, when the run was stopped), skipped (by its if, a dependency, an open circuit), not_run (the
run ended before its turn). They always add up to the total.
`,
  },
  {
    name: "expressions",
    text: `Expressions: CEL, the Common Expression Language

Inside \${{ … }}, and bare in if, expect, outputs, save.if, collect.value, retry.until, where, each
and select of foreach, next and items of paginate, and a target's per.

  url: "/users/\${{ item.id }}"                 # in a longer URL: encoded as one segment
  expect: ["json.users.size() > 0", "status == 200"]
  outputs: { ids: "json.users.map(u, u.id)" }
  if: "item.active == 'yes' && index < 100"

In scope    params, secrets, run.startedAt, run.id, item (and its "as" name), index (from 0),
            matrix, needs.T.outputs, needs.T.status, needs.T.counts; in expect, outputs, save and
            retry.until also the result: status headers text json bytes url durationMs (http);
            exitCode signal stdout stderr json (exec); text json rows (file); rows rowCount columns
            (sql); value (redis)
Types       a value that is one whole \${{ … }} keeps its type; inside a longer text it is text.
            Whole numbers are exact to 64 bits. A CSV column is text: item.port == "22"
Optional    json.?a.orValue(0), has(json.a)
Lists       all, exists, filter, map, size, "x" in list, sum, distinct
Texts       startsWith, contains, matches (linear time), split, lines, replace, urlEncode
Other       shellQuote, date(t, format, zone), duration("24h"), basename, stem, dirname, sha256,
            toJson

Names and types are checked before anything runs. $VAR belongs to the shell; $\${{ is a literal \${{.
`,
  },
  {
    name: "inputs",
    text: `Inputs: foreach and matrix

A task without either has exactly one input. Sources of foreach:

  [a, b, c]                      a list                { lines: PATH }      lines of a file
  { values: "\${{ … }}" }         what it gives         { csv: PATH }        rows, objects of text
  { range: "1..100" }            inclusive             { jsonl: PATH }      one JSON value a line
  { glob: "in/*.csv" }           files, sorted         { json: PATH, select: EXPR }
  { from: TASK }                 each ok run of another task, as it ends; each: EXPR for elements

- "-" is stdin; .gz is read through; paths are relative to the config.
- as: NAME names the item; where: EXPR filters; unique: true; batch: N makes items lists;
  empty: ok | fail.
- matrix: { size: [64, 256], format: [webp, png], exclude: […], include: […] } multiplies lists.
  With both, each item × each combination.
- key: "\${{ item.id }}" names a result: resume, --only task/KEY and reports go by it.
- Everything is read lazily, and a source that can be read twice is counted first.
`,
  },
  {
    name: "outputs",
    text: `What a result is held against, and where it goes

  expect: ["json.users.size() > 0"]                         # else the attempt fails with expect
  outputs: { ids: "json.users.map(u, u.id)" }               # read as needs.TASK.outputs.ids
  save: out/\${{ item.id }}.json                             # one file a run
  collect: { path: out/users.csv, value: "{'id': item.id, 'name': json.name}" }    # one for all

- save writes the whole result: the body, stdout, the file, the rows. Each value in the path is one
  segment. save: { path: …, if: EXPR } says when. The file is there when it is whole.
- collect writes one line per ok run, in input order, when the run has ended: CSV (the members of a
  map are its columns) or JSON Lines, by the path's ending. Its value reads the task's own outputs,
  too: value: outputs.
- paginate, of an HTTP task, goes from page to page in one attempt and joins their lists to json:
    http: { url: /users, paginate: { next: json.next, items: json.users } }
  next gives a URL, such as linkTo(headers, 'next'), or a map of query values, and null at the end.

Whatever fanout writes is for its owner alone: the journal, save, collect and the reports in JSON,
HTML, CSV, text and Markdown are files of mode 0600, in directories of 0700 where it makes them.
Prometheus and JUnit files, which other programs read, keep the mode they have, or get 0644.
`,
  },
  {
    name: "reports",
    text: `The report: fanout.report/1

A JSON file that accounts for every input, in input order, whatever order they finished in. Without
report: in the config or --report it stands beside the journal; its path is the last line of a run.

  run        who, when, how it ended             failures   the first, and how many by error code
  summary    the six outcomes and the attempts   advice     what the figures say about the config
  targets    limits, latency, pace, throttling   results    one element a task run

  fanout report report.json --format html -o report.html     also text junit prometheus markdown csv
  fanout report JOURNAL.ndjson                               of a run that was killed
  fanout diff old.json new.json                              newly failing, recovered, slower
  jq '.results[] | select(.outcome == "failed") | .key' report.json

advice: cpu_bound, pool_is_bottleneck, pool_too_wide, throttled, timeout_below_p99, retries_wasted,
each with its figures and the line to change.
`,
  },
  {
    name: "resume",
    text: `Resume: go on where a run stopped

Every finished task run is in the journal before it counts as done: kill -9 loses nothing that was
finished.

  fanout run FILE --resume            the latest run of this config with these params
  fanout run FILE --resume=RUN        this one
  fanout run FILE --resume --rerun T  the ok runs of task T, too

- Kept: ok, allowed failures, skipped by "if". Run again: all else.
- An outcome_unknown (begun, not repeatable, never ended) stays failed, unless the task is
  idempotent: true.
- Results are found by identity, the task's name and its key, or the item itself without a key:
  inputs may be reordered, added and removed.
- Another name, or a task whose kind changed, is another plan: exit 5. Nothing to resume: exit 2.
- The newest 10 journals of a config are kept (run.keepRuns).
`,
  },
  {
    name: "retries",
    text: `Retries: what is tried again, when, and how often

  retry: { attempts: 4, backoff: { initial: 200ms, max: 20s, jitter: full }, on: [http_status:409] }

attempts: 3 means three tries in all, and is built in. What is repeated goes by two questions: was
it sent, and may it be repeated?

- Never sent (refused, unreachable, connect timeout, temporary DNS failure): always.
- Reset, timeout, truncated, and 408 429 500 502 503 504: GET HEAD OPTIONS TRACE PUT DELETE, an
  idempotencyKey, or idempotent: true. 429 and 503 with Retry-After: any method.
- Never: other 4xx, 501, TLS certificates, unknown hosts, too large, a failed expect.
- A subprocess: exit 75 only. SQL: what was rolled back or never begun.

A retry waits outside its place in the pool. Retry-After pauses the whole target.

A budget for each target keeps a failing server from more load: one retry for every five first
attempts of the last 10 s, and a reserve of 250 beside it, which fills up by 1 a second: a small run
is not held back, whatever share of its attempts is retries. What is beyond both is put off, for
30 s at most (summary.retriesWithheld).

To poll: retry: { until: "json.done", … } with timeout: { total: 5m }.

breaker: true pauses a target that is down, sends single probes, and skips the rest as circuit_open
after giveUpAfter (5m).
`,
  },
  {
    name: "secrets",
    text: `Secrets: read when the run starts, masked in everything fanout writes

  secrets:
    apiToken: { env: API_TOKEN }
    pg: { file: /run/secrets/pg_url }
    vault: { command: [vault, kv, get, -field=token, secret/api] }

- Use them as \${{ secrets.apiToken }} in headers, auth, urls, bodies, env and stdin; never in a
  command, a key or a save path.
- Masked as they are, URL-encoded, JSON-escaped and in base64; a URL's user:password always. What
  save writes is the data itself and is not masked.
- From 6 characters on; one trailing newline is cut.
- outputs: { token: { value: EXPR, secret: true } } masks what a task found, and never journals it.
`,
  },
  {
    name: "timeouts",
    text: `Timeouts

  timeout: { attempt: 10s, connect: 3s, firstByte: 5s, idle: 30s, total: 1m }     # 10s = attempt

- attempt: from its place in the pool to the last byte or exit; 30s, for subprocesses none.
- connect (10s), firstByte, idle: phases of HTTP and of databases.
- total: one task run from its first attempt, waits for retries included; none.
- run.timeout: the whole process, from its start; none. No grace, exit 124.

An attempt's timeout is cut to what is left of the total, and no retry is begun whose wait would end
after it. timed_out: a timeout ended the last attempt. A place is free again only when the work in
it has really stopped: HTTP closed, SQL cancelled on the server, subprocesses killed as a group.
`,
  },
];
