import { writtenCount } from "../../src/model/written.ts";
import type { Comparison, Contender } from "./compare.ts";
import { fileCount, type Workshop } from "./workshop.ts";

/** Everything that fanout is held against. */
export function comparisons(workshop: Workshop): Comparison[] {
  return [
    ...fastGets(workshop),
    slowGets(workshop),
    programs(workshop),
    files(workshop),
    queries(workshop),
    startUp(workshop),
  ];
}

function fastGets({ nginx, directory, share, config, run, script, python }: Workshop): Comparison[] {
  const count = 20_000 * share;
  const url = `${nginx}/f`;
  const parallelCount = count / 20;
  const path = config(
    "fast_gets",
    `targets: { api: { http: { baseUrl: "${nginx}" }, concurrency: 50 } }
tasks: { get: { target: api, foreach: { range: "1..${count}" }, http: { url: "/f?n=\${{ item }}" } } }`,
  );
  const wrk: Contender = {
    name: "wrk, one thread: the limit",
    needs: ["wrk"],
    command: ["wrk", "-t1", "-c50", "-d2s", `${url}?n=1`],
    readMs: (stdout) => readWrk(stdout, count),
  };
  return [{
    title: `${writtenCount(count)} GETs of 1 KiB, 50 at a time, from a local nginx`,
    details:
      "fanout hashes and keeps every body and writes its journal and its report; the others drop what they get.",
    directory,
    contenders: [
      { name: "fanout", needs: ["nginx"], command: run(path) },
      {
        name: "curl -Z",
        needs: ["nginx", "curl"],
        command: ["curl", "-s", "-Z", "--parallel-max", "50", "-o", "/dev/null", `${url}?n=[1-${count}]`],
      },
      {
        name: "Python, thread pool + http.client",
        needs: ["nginx", "python3"],
        command: [python, script("gets_http_client.py"), url, String(count), "50"],
      },
      {
        name: "Python, thread pool + requests",
        needs: ["nginx", "python3"],
        command: [python, script("gets_requests.py"), url, String(count), "50"],
        maxRounds: 1,
      },
      {
        name: `GNU parallel + curl, from ${writtenCount(parallelCount)} requests`,
        needs: ["nginx", "parallel", "curl"],
        command: shell(`seq ${parallelCount} | parallel --will-cite -j50 curl -s -o /dev/null '${url}?n={}'`),
        times: 1 / 20,
        maxRounds: 1,
      },
      { ...wrk, needs: ["nginx", ...wrk.needs] },
    ],
  }];
}

/** How long wrk would have taken for so many requests. */
function readWrk(stdout: string, count: number): number {
  return count * 1000 / Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]);
}

function slowGets({ slow, directory, config, run }: Workshop): Comparison {
  const path = config(
    "slow_gets",
    `targets: { api: { http: { baseUrl: "${slow}" }, concurrency: 100 } }
tasks: { get: { target: api, foreach: { range: "1..2000" }, http: { url: "/?n=\${{ item }}" } } }`,
  );
  return {
    title: "2,000 GETs that take 100 ms each, 100 at a time",
    details: "What fanout itself costs where the work is waiting, as most work is.",
    directory,
    contenders: [
      { name: "fanout", needs: [], command: run(path) },
      { name: "the ideal, 20 × 100 ms", needs: [], command: [], idealMs: 2000 },
      {
        name: "curl -Z",
        needs: ["curl"],
        command: ["curl", "-s", "-Z", "--parallel-max", "100", "-o", "/dev/null", `${slow}/?n=[1-2000]`],
      },
      {
        name: "wrk, one thread: the limit",
        needs: ["wrk"],
        command: ["wrk", "-t1", "-c100", "-d4s", `${slow}/`],
        readMs: (stdout) => readWrk(stdout, 2000),
      },
    ],
  };
}

function programs({ directory, share, config, run }: Workshop): Comparison {
  const count = 5_000 * share;
  const path = config(
    "programs",
    `targets: { local: { concurrency: 8 } }
tasks: { call: { target: local, foreach: { range: "1..${count}" }, exec: { command: [/bin/true] } } }`,
  );
  return {
    title: `${writtenCount(count)} × /bin/true, 8 at a time`,
    details: "fanout captures both outputs, takes CPU time and memory of each, and can kill its group.",
    directory,
    contenders: [
      { name: "fanout", needs: [], command: run(path) },
      { name: "xargs -P8", needs: ["xargs"], command: shell(`seq ${count} | xargs -P8 -n1 /bin/true`) },
      {
        name: `GNU parallel -j8, from ${writtenCount(count / 10)}`,
        needs: ["parallel"],
        command: shell(`seq ${count / 10} | parallel --will-cite -j8 /bin/true`),
        times: 1 / 10,
        maxRounds: 1,
      },
    ],
  };
}

function files({ directory, share, config, run, script, python }: Workshop): Comparison {
  const path = config(
    "files",
    `tasks: { read: { foreach: { glob: "files/*" }, file: { path: "\${{ item }}", format: bytes } } }`,
  );
  return {
    title: `SHA-256 of ${writtenCount(fileCount * share)} files of 4 KiB, 8 at a time`,
    details: "Both find the files by a pattern, read them from memory and write down what they found.",
    directory,
    contenders: [
      { name: "fanout", needs: [], command: run(path) },
      {
        name: "Python, thread pool + hashlib",
        needs: ["python3"],
        command: [python, script("hash_files.py"), "files", "files.json"],
      },
    ],
  };
}

function queries({ postgres, directory, share, config, run, script }: Workshop): Comparison {
  const count = 20_000 * share;
  const url = postgres ?? "";
  const path = config(
    "queries",
    `targets: { db: { sql: { url: "${url}" }, concurrency: 8 } }
tasks: { ask: { target: db, foreach: { range: "1..${count}" }, sql: { query: "select $1::int as n", params: ["\${{ item }}"], readOnly: true } } }`,
  );
  const statement = `${directory}/statement.sql`;
  const pgbench = `echo 'select 1::int as n;' > ${statement}; pgbench -n -M prepared -c8 -t${
    count / 8
  } -f ${statement} '${url}'`;
  return {
    title: `${writtenCount(count)} queries of one row, 8 connections, to a local PostgreSQL`,
    details: "fanout runs each in a read-only transaction and keeps its row in the journal and the report.",
    directory,
    contenders: [
      { name: "fanout", needs: ["postgres"], command: run(path) },
      {
        name: "Python, thread pool + psycopg2",
        needs: ["postgres", "/usr/bin/python3"],
        // The system's interpreter has the system's driver.
        command: ["/usr/bin/python3", script("queries_psycopg2.py"), url, String(count), "8"],
      },
      { name: "pgbench, one thread: the limit", needs: ["postgres", "pgbench"], command: shell(pgbench) },
    ],
  };
}

/** So often is a program started for one figure: a single start is shorter than the clock is exact. */
const starts = 20;

function startUp({ directory, fanout, python, config, run }: Workshop): Comparison {
  const path = config("one_run", `tasks: { read: { file: { path: one_run.yaml, format: bytes } } }`);
  return {
    title: "Start-up",
    details: `Means over ${starts} starts from one shell.`,
    directory,
    contenders: [
      { name: "fanout run, one task run", needs: [], command: again(run(path)), times: starts },
      { name: "fanout --version", needs: [], command: again([fanout, "--version"]), times: starts },
      { name: "python3 -c 1", needs: ["python3"], command: again([python, "-c", "1"]), times: starts },
    ],
  };
}

function again(command: readonly string[]): string[] {
  return [...shell(`for i in $(seq ${starts}); do "$@"; done`), "sh", ...command];
}

function shell(text: string): string[] {
  return ["/bin/sh", "-c", text];
}
