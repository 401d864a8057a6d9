import assert from "node:assert/strict";
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { inSandbox, type Sandbox } from "./sandbox.ts";

/** Every run of it leaves a line in `log`; it fails while there is a file named as its item. */
const work = `exec: { shell: 'echo "$T $X" >> log; test ! -e "$X"', env: { T: t, X: "\${{ item }}" } }`;

function config(items: readonly string[], more = "", task = work): string {
  return `
version: 1
name: again
params: { day: { default: monday } }
tasks:
  t:
    foreach: [${items.join(", ")}]
    key: "\${{ item }}"
    ${task}
${more}`;
}

function logged(sandbox: Sandbox): string[] {
  return sandbox.exists("log") ? sandbox.read("log").split("\n").filter((line) => line !== "").sort() : [];
}

/** Paths of the journals, oldest first. */
function journals(sandbox: Sandbox): string[] {
  const state = sandbox.path("state/fanout");
  return readdirSync(state, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ndjson")).sort().map((name) => join(state, name));
}

/** Lines of the report as they stand in the file, by key. */
function resultLines(sandbox: Sandbox): Map<string, string> {
  const lines = sandbox.read("report.json").split("\n").filter((line) => line.startsWith('{"index":'));
  return new Map(lines.map((line) => line.replace(/,$/, "")).map((line) => [JSON.parse(line).key, line]));
}

test(
  "--resume keeps what was ok word for word, runs the rest again, and says which inputs came and went",
  inSandbox(async (sandbox) => {
    sandbox.write("b", "");
    const first = await sandbox.runConfig(config(["a", "b", "c", "d"]));
    assert.equal(first.code, 1);
    const before = resultLines(sandbox);
    sandbox.write("b", "");
    sandbox.write("log", "");

    const second = await sandbox.runConfig(config(["e", "d", "b", "a"]), ["--resume"]);
    assert.equal(second.code, 1, second.stderr);
    assert.deepEqual(logged(sandbox), ["t b", "t e"]);
    const after = resultLines(sandbox);
    for (const [key, index] of [["a", 3], ["d", 1]] as const) {
      assert.equal(after.get(key), before.get(key)!.replace(/^\{"index":\d+/, `{"index":${index}`));
    }
    assert.deepEqual(second.report.run.resumed, { run: first.report.run.id, kept: 2 });
    assert.match(second.stderr, /edited since: task t: foreach changed/);
    assert.match(
      second.stderr,
      /2 kept, 1 to run again, 1 new, 2 kept at another place, 1 no longer there/,
    );

    sandbox.write("log", "");
    const third = await sandbox.runConfig(config(["e", "d", "b", "a"]), [`--resume=${first.report.run.id}`]);
    assert.deepEqual(logged(sandbox), ["t b", "t e"]);
    assert.equal(third.report.run.resumed.run, first.report.run.id);
  }),
);

test(
  "--resume goes on with the whole, not with a look at one input since",
  inSandbox(async (sandbox) => {
    sandbox.write("b", "");
    sandbox.write("c", "");
    const whole = await sandbox.runConfig(config(["a", "b", "c"]));
    await sandbox.runConfig(config(["a", "b", "c"]), ["--only", "t/b"]);
    sandbox.write("log", "");
    const second = await sandbox.runConfig(config(["a", "b", "c"]), ["--resume"]);
    assert.equal(second.report.run.resumed.run, whole.report.run.id, second.stderr);
    assert.deepEqual(logged(sandbox), ["t b", "t c"]);

    // What was resumed for one input only goes on with the whole: its end counts.
    unlinkSync(sandbox.path("b"));
    const one = await sandbox.runConfig(config(["a", "b", "c"]), [
      "--only",
      "t/b",
      `--resume=${whole.report.run.id}`,
    ]);
    assert.equal(one.code, 0, one.stderr);
    sandbox.write("log", "");
    const third = await sandbox.runConfig(config(["a", "b", "c"]), ["--resume"]);
    assert.equal(third.report.run.resumed.run, one.report.run.id, third.stderr);
    assert.deepEqual(logged(sandbox), ["t c"]);
  }),
);

test(
  "--resume goes on with a run of some inputs where there is no other",
  inSandbox(async (sandbox) => {
    await sandbox.runConfig(config(["a", "b", "c"]), ["--first", "2"]);
    sandbox.write("log", "");
    const { report } = await sandbox.runConfig(config(["a", "b", "c"]), ["--resume"]);
    assert.deepEqual([report.run.resumed.kept, logged(sandbox)], [2, ["t c"]]);
  }),
);

test(
  "--resume of a resumed run goes on with both",
  inSandbox(async (sandbox) => {
    sandbox.write("b", "");
    sandbox.write("c", "");
    await sandbox.runConfig(config(["a", "b", "c"]));
    for (const [cured, runs] of [["b", ["t b", "t c"]], ["c", ["t c"]], [null, []]] as const) {
      sandbox.write("log", "");
      if (cured !== null) await sandbox.unlink(cured);
      const { code, report } = await sandbox.runConfig(config(["a", "b", "c"]), ["--resume", "--quiet"]);
      assert.equal(code, cured === "b" ? 1 : 0);
      assert.deepEqual(logged(sandbox), runs);
      assert.equal(report.run.resumed.kept, 3 - runs.length);
    }
  }),
);

test(
  "--rerun runs the ok runs of a task too, and no other task's",
  inSandbox(async (sandbox) => {
    const other = `  u: { needs: [t], exec: { shell: "echo u >> log" } }\n`;
    await sandbox.runConfig(config(["a", "b"], other));
    sandbox.write("log", "");
    const again = await sandbox.runConfig(config(["a", "b"], other), ["--rerun", "t"]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(logged(sandbox), ["t a", "t b"]);
    assert.equal(again.report.run.resumed.kept, 1);
    const wrong = await sandbox.run(["run", "fanout.yaml", "--rerun", "x"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /no task "x"/);
  }),
);

test(
  "--resume keeps allowed failures and what an `if` left out, and runs what was skipped for another reason",
  inSandbox(async (sandbox) => {
    const text = `
version: 1
name: mixed
tasks:
  allowed: { allowFailure: true, exec: { shell: "echo allowed >> log; false" } }
  left_out: { if: "params.on", exec: { shell: "echo left_out >> log" } }
  broken: { exec: { shell: "echo broken >> log; test ! -e bad" } }
  after: { needs: [broken], exec: { shell: "echo after >> log" } }
params: { on: { default: false } }
`;
    sandbox.write("bad", "");
    const first = await sandbox.runConfig(text);
    assert.deepEqual(first.report.summary.skippedBy, { if: 1, dependency: 1, circuit_open: 0 });
    sandbox.unlink("bad");
    sandbox.write("log", "");
    const second = await sandbox.runConfig(text, ["--resume"]);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(logged(sandbox), ["after", "broken"]);
    assert.equal(second.report.summary.allowedFailures, 1);
    assert.equal(second.report.summary.skippedBy.if, 1);
  }),
);

const slow =
  `exec: { shell: 'echo "$X" >> log; if test ! -e quick; then touch "started-$X"; sleep 60; fi', env: { X: "\${{ item }}" } }`;

/** Starts a run, kills it in the middle of a subprocess, and gives the journal. */
async function killInTheMiddle(sandbox: Sandbox, text: string): Promise<void> {
  const child = sandbox.startConfig(text);
  const end = sandbox.finish(child);
  while (!sandbox.exists("started-a")) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill("SIGKILL");
  await end;
}

test(
  "--resume after a SIGKILL leaves what may have happened failed, names what still runs, and repeats it if it may",
  inSandbox(async (sandbox) => {
    const text = config(["a"], "", slow);
    await killInTheMiddle(sandbox, text);
    // Its shell had only just told that it began.
    const sleeper = () => sandbox.survivors().find(({ command }) => command.startsWith("sleep"));
    await eventually(() => sleeper() !== undefined);
    const survivor = sleeper()!;
    sandbox.write("quick", "");

    const second = await sandbox.runConfig(text, ["--resume"]);
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, new RegExp(`process ${survivor.pid} of run .* is still running: sleep 60`));
    const [result] = second.report.results;
    assert.deepEqual([result.outcome, result.error.code], ["failed", "outcome_unknown"]);
    assert.deepEqual(logged(sandbox), ["a"]);
    for (const { pid } of sandbox.survivors()) process.kill(pid, "SIGKILL");

    // It stays so, also with --rerun, until the task says that it may be repeated.
    await sandbox.runConfig(text, ["--rerun", "t"]);
    assert.deepEqual(logged(sandbox), ["a"]);
    const last = await sandbox.runConfig(config(["a"], "    idempotent: true\n", slow), ["--resume"]);
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(logged(sandbox), ["a", "a"]);
  }),
);

test(
  "the report of a killed run names the input whose end nobody knows, without its secrets",
  inSandbox(async (sandbox) => {
    sandbox.write("token", "hunter2-hunter2");
    await killInTheMiddle(
      sandbox,
      `secrets: { token: { file: token } }\n${
        config(["a"], "", `matrix: { m: [hunter2-hunter2] }\n    ${slow}`)
      }`,
    );
    const { code, stdout, stderr } = await sandbox.run(["report", journals(sandbox).at(-1)!, "-f", "json"]);
    for (const { pid } of sandbox.survivors()) process.kill(pid, "SIGKILL");
    assert.equal(code, 0);
    assert.match(stderr, /was killed; the same command with --resume goes on with it/);
    const [{ outcome, error, key, item, matrix }] = JSON.parse(stdout).results;
    assert.deepEqual([outcome, error.code, key, item, matrix], [
      "failed",
      "outcome_unknown",
      "a",
      "a",
      { m: "***" },
    ]);
    assert.doesNotMatch(readFileSync(journals(sandbox).at(-1)!, "utf8"), /hunter2/);
  }),
);

test(
  "--resume leaves a living run alone: exit 4",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(`run: { grace: 50ms }\n${config(["a"], "", slow)}`);
    const end = sandbox.finish(child);
    while (!sandbox.exists("started-a")) await new Promise((resolve) => setTimeout(resolve, 10));
    const { code, stderr } = await sandbox.run(["run", "fanout.yaml", "--resume"]);
    assert.equal(code, 4, stderr);
    assert.match(stderr, new RegExp(`process ${child.pid} .*is at it`));
    // Nothing is said to be lost of what is only under way.
    const report = await sandbox.run(["report", journals(sandbox)[0]!, "--format", "json"]);
    assert.match(
      report.stderr,
      new RegExp(`still going on, as process ${child.pid} on .*how far it has come`),
    );
    assert.equal(JSON.parse(report.stdout).results[0].outcome, "not_run");
    process.kill(child.pid!, "SIGINT");
    await end;
  }),
);

test(
  "--resume refuses what is no run of this plan, and says what to do",
  inSandbox(async (sandbox) => {
    const refused = async (text: string, code: number, says: RegExp, flags = ["--resume"]) => {
      sandbox.write("fanout.yaml", text);
      const end = await sandbox.run(["run", "fanout.yaml", ...flags]);
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, says);
      assert.deepEqual(logged(sandbox), []);
    };
    const text = config(["a"]);
    await refused(text, 2, /nothing to resume.*leave out --resume/);
    await refused(text, 2, /nothing to resume/, ["--rerun", "t"]);
    await refused(text, 2, /no run "20260101"/, ["--resume=20260101"]);
    await sandbox.runConfig(text);
    sandbox.write("log", "");
    await refused(text, 2, /had day = "monday".*--set.*--resume=/, ["--resume", "--set", "day=tuesday"]);
    await refused(text.replace("name: again", "name: other"), 5, /belongs to "again".*named "other"/);
    await refused(text.replace(work, "file: { path: log }"), 5, /kind exec and is now of kind file/);

    const [journal] = journals(sandbox);
    const whole = readFileSync(journal!);
    for (const at of [0, 40, whole.indexOf(10), whole.indexOf(10) + 30]) {
      const damaged = Uint8Array.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(journal!, damaged);
      await refused(text, 5, new RegExp(`damaged at byte ${at > whole.indexOf(10) ? "[1-9]\\d*" : "0"}\\b`));
    }
    writeFileSync(journal!, whole);
    const edited = await sandbox.runConfig(config(["a"], "    if: '1 == 1'\n"), [
      "--resume",
      "--set",
      "day=monday",
    ]);
    assert.equal(edited.code, 0, edited.stderr);
    assert.match(edited.stderr, /edited since: task t: if changed/);
  }),
);

test(
  "a resumed run feeds needs, from and each with what it kept",
  inSandbox(async (sandbox) => {
    const text = `
version: 1
name: chain
tasks:
  one: { exec: { shell: "echo one >> log; echo 7" }, outputs: { n: "int(stdout.trim())", big: "9007199254740993" } }
  many: { foreach: [1, 2], exec: { command: [sh, -c, 'echo many >> log; echo "[$0,1$0]"', "\${{ item }}"] } , outputs: { x: "item * 2" } }
  each: { foreach: { from: many, each: json }, exec: { command: [sh, -c, 'echo each$0 >> log', "\${{ item }}"] } }
  through: { foreach: { from: many }, exec: { command: [sh, -c, 'echo through$0 >> log', "\${{ item.outputs.x }}"] } }
  last: { needs: { one: ok, many: ok, each: done }, exec: { command: [sh, -c, 'echo "last $0" >> log; test ! -e bad', "\${{ needs.one.outputs.n }} \${{ needs.one.outputs.big }} \${{ toJson(needs.many.outputs.x) }} \${{ needs.each.counts.ok }}"] } }
`;
    sandbox.write("bad", "");
    const first = await sandbox.runConfig(text);
    assert.equal(first.code, 1, first.stderr);
    sandbox.unlink("bad");
    sandbox.write("log", "");
    const second = await sandbox.runConfig(text, ["--resume"]);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(logged(sandbox), ["last 7 9007199254740993 [2,4] 4"]);
    assert.equal(second.report.run.resumed.kept, 9);
    sandbox.write("log", "");
    await sandbox.runConfig(text, ["--rerun", "last,each"]);
    assert.deepEqual(logged(sandbox), [
      "each1",
      "each11",
      "each12",
      "each2",
      "last 7 9007199254740993 [2,4] 4",
    ]);
  }),
);

test(
  "a stopped resume loses nothing of what it had taken over, nor of what it had not come to",
  inSandbox(async (sandbox) => {
    const items = ["a", ...Array.from({ length: 300 }, (_, at) => `x${at}`)];
    const text = `run: { concurrency: 1, grace: 50ms }\n${config(items, "", slow)}`;
    sandbox.write("quick", "");
    await sandbox.runConfig(text);
    const rest = items.slice(1).length;
    sandbox.unlink("quick");
    sandbox.write("log", "");

    const child = sandbox.startConfig(text.replace("foreach: [a", "foreach: [new, a"), ["--resume"]);
    const end = sandbox.finish(child);
    while (!sandbox.exists("started-new")) await new Promise((resolve) => setTimeout(resolve, 10));
    process.kill(child.pid!, "SIGINT");
    const stopped = await end;
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.deepEqual([stopped.report.summary.ok, stopped.report.summary.cancelled], [rest + 1, 1]);

    const killed = sandbox.startConfig(text.replace("foreach: [a", "foreach: [newer, a"), ["--resume"]);
    const killedEnd = sandbox.finish(killed);
    while (!sandbox.exists("started-newer")) await new Promise((resolve) => setTimeout(resolve, 10));
    killed.kill("SIGKILL");
    await killedEnd;
    for (const { pid } of sandbox.survivors()) process.kill(pid, "SIGKILL");
    sandbox.write("quick", "");
    const last = await sandbox.runConfig(text, ["--resume"]);
    assert.equal(last.code, 0, last.stderr);
    assert.equal(last.report.run.resumed.kept, rest + 1);
    assert.deepEqual(logged(sandbox), ["new", "newer"]);
  }),
);

const secretive = (more: string) => `
version: 1
name: secretive
tasks:
  login: { exec: { shell: "echo login >> log; echo token-123456" }, outputs: { token: { value: stdout, secret: true } } }
  session:
    needs: [login]
    exec: { shell: 'echo session >> log; echo session-$T', env: { T: "\${{ needs.login.outputs.token }}" } }
    outputs: { id: { value: stdout, secret: true } }
  users:
    needs: [session]
    exec: { shell: 'echo users >> log; echo "[1,2]"', env: { S: "\${{ needs.session.outputs.id }}" } }
    outputs: { ids: json }
  details:
    needs: [users]
    foreach: { values: "needs.users.outputs.ids" }
    exec: { shell: 'echo details >> log; test ! -e bad', env: { S: "\${{ needs.session.outputs.id }}" } }
  rows:
    foreach: { from: users, each: json }
    exec: { shell: 'echo rows >> log', env: { T: "\${{ needs.login.outputs.token }}" } }
  alone: { exec: { shell: "echo alone >> log; test ! -e bad_alone" } }
${more}`;

test(
  "--resume runs a task with secret outputs again if something to run needs them, and else leaves it",
  inSandbox(async (sandbox) => {
    const resume = async (text: string, expected: readonly string[], code = 0) => {
      sandbox.write("log", "");
      const end = await sandbox.runConfig(text, ["--resume"]);
      assert.equal(end.code, code, end.stderr);
      assert.deepEqual(logged(sandbox), expected);
    };
    sandbox.write("bad_alone", "");
    const first = await sandbox.runConfig(secretive(""));
    assert.equal(first.report.summary.failed, 1, first.stderr);
    await resume(secretive(""), ["alone"], 1);
    // Something new that needs the session, and through it the token; then something new that needs the token alone.
    const more = (name: string, needs: string, output: string) =>
      `  ${name}: { needs: [${needs}], exec: { shell: "echo ${name} >> log", env: { V: "\${{ needs.${needs}.outputs.${output} }}" } } }\n`;
    sandbox.unlink("bad_alone");
    await resume(secretive(more("more", "session", "id")), ["alone", "login", "more", "session"]);
    await resume(secretive(more("other", "login", "token")), ["login", "other"]);
    sandbox.write("bad", "");
    await sandbox.runConfig(secretive(""), ["--rerun", "details"]);
    sandbox.unlink("bad");
    await resume(secretive(""), ["details", "details", "login", "session"]);
    await resume(secretive(""), []);
  }),
);

test(
  "what an earlier run saved is not written over by another task run of the one that goes on with it",
  inSandbox(async (sandbox) => {
    const text = `
version: 1
name: saves
tasks:
  get:
    foreach: { jsonl: "-" }
    key: "\${{ item.id }}"
    exec: { command: [printf, "%s", "\${{ item.id }}"] }
    save: "out/\${{ item.file }}"
`;
    const first = await sandbox.runConfig(text, [], { stdin: '{"id":"one","file":"x"}\n' });
    assert.equal(first.code, 0, first.stderr);
    const stdin = '{"id":"two","file":"x"}\n{"id":"one","file":"x"}\n';
    const second = await sandbox.runConfig(text, ["--resume"], { stdin });
    assert.equal(second.code, 1, second.stderr);
    const [two, one] = second.report.results;
    assert.deepEqual([one.outcome, two.outcome, two.error.code], ["ok", "failed", "save"]);
    assert.match(two.error.message, /input 0 of "get" to "out\/x": input 1 of "get" saves there/);
    assert.equal(sandbox.read("out/x"), "one");
  }),
);
