import assert from "node:assert/strict";
import { test } from "node:test";
import { binary, ended, inSandbox, type Sandbox } from "./sandbox.ts";

const config = `
version: 1
targets: { one: { concurrency: 2 }, two: { concurrency: 1 } }
tasks:
  a: { foreach: { range: "1..8" }, target: one, exec: { command: [sleep, "0.2"] } }
  b: { foreach: ["\\e[31mred"], key: "\${{ item }}", target: two, exec: { shell: "sleep 0.5; printf '\\\\033[2J' >&2; exit 1" } }
`;

const esc = "\x1b";

test(
  "a run on a terminal shows a line per target, then takes the view away and sums up",
  inSandbox(async (sandbox) => {
    const shown = await onTerminal(sandbox, 80, {});
    assert.ok(shown.includes(`${esc}[?25l`) && shown.includes(`${esc}[?25h`), "the cursor comes back");
    const text = withoutEscapes(shown);
    assert.match(text, /one +[█░]{16} +\d\/8 +2\/2 running/);
    assert.match(text, /two +[█░]{16} +0\/1 +1\/1 running/);
    const afterView = shown.slice(shown.lastIndexOf(`${esc}[J`));
    assert.match(afterView, /7 ok|8 ok/);
    assert.match(afterView, /1 failed/);
    assert.ok(
      !shown.includes(`${esc}[2J`) && !shown.includes(`${esc}[31mred`),
      "data moves nothing and paints nothing",
    );
  }),
);

test(
  "no line of the live view is wider than the terminal",
  inSandbox(async (sandbox) => {
    const shown = await onTerminal(sandbox, 40, {});
    const drawn = shown.slice(shown.indexOf(`${esc}[?25l`), shown.lastIndexOf(`${esc}[?25h`));
    // What -v says above the view may be as long as it likes.
    const ofView = withoutEscapes(drawn).split(/[\r\n]+/).filter((line) => !line.includes("#1"));
    assert.ok(ofView.length > 5);
    for (const line of ofView) assert.ok(line.length <= 40, line);
  }),
);

test(
  "NO_COLOR leaves the live view without colours, TERM=dumb without a view",
  inSandbox(async (sandbox) => {
    const plain = await onTerminal(sandbox, 80, { NO_COLOR: "1" });
    assert.doesNotMatch(plain, new RegExp(`${esc}\\[[0-9;]*m`));
    assert.ok(plain.includes(`${esc}[?25l`));
    const dumb = await onTerminal(sandbox, 80, { TERM: "dumb" });
    assert.ok(!dumb.includes(esc), dumb);
  }),
);

test(
  "what programs print and results that stream stay on the terminal: no view is drawn over them, through a pipe neither",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config);
    const each = `printf '%s\\n' a b c d | ${binary} each -c 1 exec sh -c 'sleep 0.2; echo got $1' --`;
    for (const pipe of ["", " | cat"]) {
      const shown = await commandOnTerminal(sandbox, each + pipe, {});
      assert.ok(!shown.includes(`${esc}[?25l`) && !shown.includes(`${esc}[J`), "no view");
      assert.deepEqual(shown.match(/got ./g), ["got a", "got b", "got c", "got d"]);
    }
    const piped = await commandOnTerminal(sandbox, `${binary} run fanout.yaml --stream | cut -c1-9`, {});
    assert.ok(!piped.includes(`${esc}[?25l`), "no view");
    const toFile = await commandOnTerminal(sandbox, `${binary} run fanout.yaml --stream > results`, {});
    assert.ok(toFile.includes(`${esc}[?25l`), "a view");
  }),
);

test(
  "results and reports on a terminal escape what would move its cursor",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      `version: 1\ntasks: { a: { foreach: ["x\\e[2Jy\\x9b2Jz\\u202e"], exec: { command: [echo, "\${{ item }}"] } } }\n`,
    );
    const escaped = "x\\u001b[2Jy\\u009b2Jz\\u202e";
    const run = `${binary} run fanout.yaml --quiet --report r.json`;
    const streamed = await commandOnTerminal(sandbox, `${run} --stream`, {});
    assert.ok(streamed.includes(`"item":"${escaped}"`), streamed);
    for (const format of ["csv", "json", "html", "junit", "markdown", "prometheus", "text"]) {
      const shown = await commandOnTerminal(sandbox, `${binary} report r.json --format ${format}`, {});
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(withoutColours(shown), /[\x00-\x09\x0e-\x1f\x7f-\x9f\u202e]/, format);
    }
    assert.ok(
      (await commandOnTerminal(sandbox, `${binary} report r.json --format csv`, {})).includes(escaped),
    );
    const piped = await sandbox.run(["report", "r.json", "--format", "csv"]);
    assert.ok(piped.stdout.includes("x\x1b[2Jy\x9b2Jz\u202e"), "data that goes elsewhere is the data itself");
  }),
);

/** What the program writes to a terminal of so many columns. */
async function onTerminal(sandbox: Sandbox, columns: number, env: Record<string, string>): Promise<string> {
  sandbox.write("fanout.yaml", config);
  const command = `stty cols ${columns} rows 24; ${binary} run fanout.yaml -v --report r.json`;
  return await commandOnTerminal(sandbox, command, env);
}

async function commandOnTerminal(
  sandbox: Sandbox,
  command: string,
  env: Record<string, string>,
): Promise<string> {
  const child = sandbox.startProgram(["script", "-qec", command, "/dev/null"], {
    env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
  });
  return (await ended(child)).stdout;
}

function withoutColours(text: string): string {
  return text.split(esc).map((part, i) => i === 0 ? part : part.replace(/^\[[0-9;]*m/, "")).join("");
}

function withoutEscapes(text: string): string {
  return text.split(esc).map((part, i) => i === 0 ? part : part.replace(/^\[[0-9;?]*[A-Za-z]/, "")).join("");
}
