import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { realSaveFiles, type SaveFiles, SaveTrouble } from "../../src/runtime/save_files.ts";
import { checkReport } from "../e2e/check_report.ts";
import { inSandbox, type Sandbox } from "../e2e/sandbox.ts";
import { type DiskCall, faultyDisk } from "../support/faulty_disk.ts";
import { runInProcess } from "../support/run_in_process.ts";

const items = ["a", "b", "c", "d", "e", "f"];

const config = `
version: 1
name: faults
targets: { exec: { concurrency: 2 } }
report: { json: report.json, html: report.html, junit: report.xml, prometheus: report.prom }
tasks:
  once:
    foreach: [${items.join(", ")}]
    key: "\${{ item }}"
    exec: { command: [sh, -c, 'echo $0 | tee -a log', "\${{ item }}"] }
    save: "saved/\${{ item }}"
    collect: { path: collected.csv, value: "{'said': stdout}" }
  read: { foreach: { range: "1..20" }, file: { path: fanout.yaml }, outputs: { n: item } }
`;

/** Every file that the run writes, and how each ends. */
const endings: { readonly [name: string]: RegExp } = {
  "report.json": /\]\s*\}\n$/,
  "report.html": /<\/html>\n$/,
  "report.xml": /<\/testsuites>\n$/,
  "report.prom": /\nfanout_\S+.* [\d.e+]+\n$/,
  "collected.csv": /^(said\r\n([^]*\r\n)?)?$/,
};
const before = "what stood there before";

/** Calls of one kind on what is saved and collected, and the how-manieth of them fails. */
function faultySaves(call: "create" | "write" | "commit", nth: number, forGood: boolean) {
  let calls = 0;
  const check = (made: typeof call) => {
    if (made !== call) return;
    calls++;
    if (forGood ? calls >= nth : calls === nth) throw new SaveTrouble("no space is left on the disk");
  };
  const saves: SaveFiles = {
    create(root, directories) {
      check("create");
      const file = realSaveFiles.create(root, directories);
      return {
        discard: () => file.discard(),
        write(chunk) {
          check("write");
          file.write(chunk);
        },
        async commit(name) {
          try {
            check("commit");
          } catch (error) {
            file.discard();
            throw error;
          }
          await file.commit(name);
        },
      };
    },
  };
  return { saves, hasFailed: () => calls >= nth };
}

/** Something stands in the place of each file. */
function prepare(sandbox: Sandbox): void {
  sandbox.clear();
  sandbox.write("fanout.yaml", config);
  for (const name of Object.keys(endings)) sandbox.write(name, before);
}

const args = ["run", "fanout.yaml", "--stream=stream.ndjson"];

/** One run with a fault, and one that goes on with it on a healthy disk. */
async function checkFault(
  sandbox: Sandbox,
  where: string,
  ports: Parameters<typeof runInProcess>[2],
): Promise<void> {
  const { code, said } = await runInProcess(sandbox, args, ports);
  assert.ok([0, 1, 3].includes(code), `${where}: ${code} ${said}`);
  if (code === 3) assert.match(said, /fanout: cannot (write|start) .*no space is left/, where);
  if (/cannot write the report \//.test(said) && !/cannot write the journal/.test(said)) {
    assert.match(
      said,
      /the journal has it all: fanout report \S+\.ndjson --format \w+ -o \S+\/report\.\w+\n/,
      where,
    );
  }
  const left = readdirSync(sandbox.directory, { recursive: true, encoding: "utf8" });
  assert.deepEqual(left.filter((name) => name.includes(".tmp")), [], where);
  // Old or new, never half; a new one where the program says that all is well.
  for (const [name, ending] of Object.entries(endings)) {
    const text = sandbox.read(name);
    if (code !== 3) assert.notEqual(text, before, `${where}: ${name}`);
    if (text !== before) assert.match(text, ending, `${where}: ${name}`);
  }
  if (sandbox.read("report.json") !== before) {
    const report = sandbox.json("report.json");
    checkReport(report);
    assert.equal(report.results.length, items.length + 20, where);
    if (report.summary.not_run > 0) assert.equal(code, 3, where);
    if (code === 1) {
      assert.ok(report.results.some(({ error }: Result) => error?.code === "save"), `${where}: ${said}`);
    }
  }

  const again = await runInProcess(sandbox, ["run", "fanout.yaml", "--resume"], {});
  const isNothing = /nothing to resume/.test(again.said);
  if (isNothing) assert.ok(!sandbox.exists("log"), where);
  else {
    assert.ok(again.code === 0 || again.code === 1, `${where}: ${again.said}`);
    for (const { outcome, error } of sandbox.json("report.json").results as Result[]) {
      if (outcome !== "ok") {
        assert.equal(error?.code, "outcome_unknown", `${where}: ${JSON.stringify(error)}`);
      }
    }
  }
}

interface Result {
  readonly outcome: string;
  readonly error: { readonly code: string } | null;
}

const diskCalls: readonly DiskCall[] = [
  "create",
  "write",
  "sync",
  "syncSoon",
  "syncDirectory",
  "rename",
  "read",
  "open",
];

for (const call of diskCalls) {
  test(
    `whichever ${call} of a run fails, once or for good: exit 3 says so, no file is half, and a resume ends it`,
    inSandbox(async (sandbox) => {
      for (const forGood of [false, true]) {
        for (let nth = 1;; nth++) {
          prepare(sandbox);
          const disk = faultyDisk(12_000);
          disk.arm({ call, nth, forGood });
          await checkFault(sandbox, `${call} ${nth}${forGood ? " and all after it" : ""}`, { disk });
          if (disk.calls[call] < nth) break;
        }
      }
    }),
  );
}

for (const call of ["create", "write", "commit"] as const) {
  test(
    `whichever ${call} of what is saved or collected fails: a failed task run or exit 3, and a resume ends it`,
    inSandbox(async (sandbox) => {
      for (const forGood of [false, true]) {
        for (let nth = 1;; nth++) {
          prepare(sandbox);
          const { saves, hasFailed } = faultySaves(call, nth, forGood);
          await checkFault(sandbox, `${call} ${nth} of a save${forGood ? " and all after it" : ""}`, {
            saves,
          });
          if (!hasFailed()) break;
        }
      }
    }),
  );
}
