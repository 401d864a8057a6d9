import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../tests/fixtures/plan_of.ts";
import { planJson, printPlan } from "./print_plan.ts";

const config = {
  name: "nightly_sync",
  params: { region: { env: "REGION", default: "eu" }, wait: "9s" },
  secrets: { apiToken: { env: "API_TOKEN" } },
  run: { timeout: "20m", maxFailures: "5%" },
  defaults: { timeout: "30s" },
  targets: {
    api: {
      http: {
        baseUrl: "https://api.example.com",
        headers: { authorization: "Bearer ${{ secrets.apiToken }}" },
      },
      concurrency: 8,
      rate: "100/s",
      timeout: { attempt: "${{ params.wait }}", connect: null },
      retry: { attempts: 4, backoff: { initial: "1s" } },
    },
  },
  tasks: {
    users: { target: "api", http: { url: "/users" }, outputs: { ids: "json" } },
    details: {
      needs: ["users"],
      foreach: "${{ needs.users.outputs.ids }}",
      target: "api",
      http: { url: "/users/${{ item }}" },
      save: "out/${{ item }}.json",
    },
    thumbs: {
      matrix: { size: [64, 256], format: ["webp", "png"] },
      exec: { command: ["./resize"] },
      allowFailure: true,
    },
  },
  report: { json: "reports/nightly.json" },
};

const expected = `nightly_sync  jobs/nightly.yaml

params
  region  us  env REGION
  wait    9s  default

secrets
  apiToken  hidden  env API_TOKEN

run
  concurrency    256 over all pools  built-in
  timeout        20m                 run
  maxFailures    5%                  run
  onFailure      drain               built-in
  grace          5s                  built-in
  captureBudget  1GiB                built-in
  keepRuns       10                  built-in

pools
  api  http
    address      https://api.example.com
    concurrency  8                        targets.api
    rate         100/s                    targets.api

  exec  exec
    concurrency  4  default for subprocesses: one per CPU (4 CPUs)

tasks
  users  http, 1 input
    GET /users
    target           api                     tasks.users
    timeout.attempt  9s                      targets.api: \${{ params.wait }}
    timeout.connect  10s                     built-in: targets.api says null
    timeout.total    none                    built-in
    retry.attempts   4                       targets.api
    retry.backoff    1s to 20s, full jitter  initial: targets.api; max, jitter:
                                             built-in
    repeatable       yes                     judged by its http section
    capture          16KiB                   built-in
    maxBytes         10MB                    built-in
    maxRedirects     10                      built-in

  details  http, 12,001 inputs
    GET /users/\${{ item }}
    after users
    for each of needs.users.outputs.ids
    saves to out/\${{ item }}.json
    target           api                     tasks.details
    timeout.attempt  9s                      targets.api: \${{ params.wait }}
    timeout.connect  10s                     built-in: targets.api says null
    timeout.total    none                    built-in
    retry.attempts   4                       targets.api
    retry.backoff    1s to 20s, full jitter  initial: targets.api; max, jitter:
                                             built-in
    repeatable       yes                     judged by its http section
    capture          16KiB                   built-in
    maxBytes         10MB                    built-in
    maxRedirects     10                      built-in

  thumbs  exec, inputs not counted
    runs ./resize
    for each combination of size, format
    target           exec                       default for exec
    timeout.attempt  30s                        defaults (built-in for exec:
                                                none)
    timeout.total    none                       built-in
    retry.attempts   3                          built-in
    retry.backoff    200ms to 20s, full jitter  built-in
    repeatable       no                         judged by its exec section
    capture          16KiB                      built-in
    maxBytes         1MiB                       built-in
    allowFailure     yes                        tasks.thumbs

reports
  json  /home/me/jobs/reports/nightly.json

At least 2m: 12,002 attempts at 100/s in api.
`;

test("printPlan() shows every limit and timeout with where it came from", () => {
  const { plan } = planOf(config, { environment: { REGION: "us" } });
  const text = printPlan(plan!, { users: 1, details: 12_001 });
  assert.equal(text, expected);
});

test("printPlan() lets no text of the config move the cursor, and breaks long lines", () => {
  const { plan } = planOf({
    name: "a\x1b[2Jb",
    params: { text: `line\nline \u202e ${"word ".repeat(40)}` },
    tasks: {
      t: {
        exec: { shell: `x \x07\n${"y ".repeat(50)}` },
        foreach: { lines: "a\x07.txt" },
        retry: { on: ["timeout", "expect", "dns", "reset"] },
      },
    },
  });
  const text = printPlan(plan!);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\u202e]/);
  assert.match(text, /^a\\x1b\[2Jb/);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

test("printPlan() says why it knows no time when no rate applies", () => {
  const { plan } = planOf({ tasks: { t: { exec: { command: ["x"] } } } });
  assert.match(
    printPlan(plan!),
    /\nNo rate limits this run\. How long it takes depends on how long an attempt does\.\n$/,
  );
  const { plan: paced } = planOf(config);
  assert.match(
    printPlan(paced!),
    /\nThe rate of api sets no shortest time: too few of the inputs are counted\. How long/,
  );
});

test("planJson() is the plan, with what is known of its size", () => {
  const { plan } = planOf(config);
  const json = JSON.parse(planJson(plan!, { users: 1, details: 12_001 }));
  assert.deepEqual(json.inputs, { users: 1, details: 12_001, thumbs: null });
  assert.equal(json.shortestTime.ms, 120_010);
  const { inputs: _inputs, shortestTime: _time, ...rest } = json;
  assert.deepEqual(rest, JSON.parse(JSON.stringify(plan)));
});
