import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configDirectory } from "../../src/journal/state_directory.ts";
import { realDisk } from "../../src/runtime/disk.ts";
import { inSandbox, type Sandbox } from "../e2e/sandbox.ts";

/** Every run leaves a line in `log`. `b` fails while there is a file `bad`; `c` kills the program unless there is a file `calm`. */
export const smallConfig = `
version: 1
name: cut
run: { concurrency: 1 }
tasks:
  w:
    foreach: { lines: "-" }
    capture: none
    exec:
      shell: 'echo "$X" >> log; case "$X" in b) test ! -e bad;; c) test -e calm || kill -9 $PPID; esac'
      env: { X: "\${{ item }}" }
`;

export const smallInputs = "a\nb\nc\nd\n";

/** A journal, and what its file is called. */
export interface SmallJournal {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly lines: readonly JournalLine[];
}

export interface JournalLine {
  /** Where it begins, and one past its line end. */
  readonly from: number;
  readonly to: number;
  readonly type: string;
  /** The input that it speaks of. */
  readonly item: string | undefined;
  readonly outcome: string | undefined;
}

/**
 * The journals of two runs in a few kilobytes with a record of every type: of one that was killed when `a` was ok, `b`
 * had failed and `c` had begun; and of one that went on with it, where `b` failed again and `d` was ok.
 */
export async function makeSmallJournals(): Promise<{ killed: SmallJournal; resumed: SmallJournal }> {
  let made: SmallJournal[] = [];
  await inSandbox(async (sandbox) => {
    sandbox.write("bad", "");
    const killed = await sandbox.runConfig(smallConfig, [], { stdin: smallInputs });
    assert.equal(killed.signal, "SIGKILL", killed.stderr);
    sandbox.write("calm", "");
    const resumed = await sandbox.runConfig(smallConfig, ["--resume"], { stdin: smallInputs });
    assert.equal(resumed.code, 1, resumed.stderr);
    const directory = join(sandbox.path("state/fanout"), readdirSync(sandbox.path("state/fanout"))[0]!);
    const names = readdirSync(directory).filter((name) => name.endsWith(".ndjson")).sort();
    made = names.map((name) => {
      const bytes = readFileSync(join(directory, name));
      return { name, bytes, lines: linesOf(bytes) };
    });
  })();
  const [killed, resumed] = made as [SmallJournal, SmallJournal];
  const types = (journal: SmallJournal) => journal.lines.map(({ type }) => type).join(" ");
  assert.equal(types(killed), "header begin run begin run begin");
  assert.equal(types(resumed), "header kept begin run run begin total run end");
  return { killed, resumed };
}

/** Puts journals where the runs of `fanout.yaml` in this sandbox would have left them. Gives their paths. */
export function plantJournals(
  sandbox: Sandbox,
  journals: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): string[] {
  sandbox.write("fanout.yaml", smallConfig);
  sandbox.write("calm", "");
  const place = configDirectory(sandbox.path("state/fanout"), "cut", sandbox.path("fanout.yaml"));
  realDisk.makeDirectory(place);
  return journals.map(({ name, bytes }) => {
    writeFileSync(join(place, name), bytes);
    return join(place, name);
  });
}

function linesOf(journal: Uint8Array): JournalLine[] {
  const lines: JournalLine[] = [];
  for (let from = 0; from < journal.length;) {
    const to = journal.indexOf(10, from) + 1;
    const { type, index, outcome } = JSON.parse(new TextDecoder().decode(journal.subarray(from, to)));
    lines.push({ from, to, type, item: index === undefined ? undefined : "abcd"[index], outcome });
    from = to;
  }
  return lines;
}

/** What is known of each input when a journal ends at `size`: a line lacks nothing when only its line end is missing. */
export function knownAt(lines: readonly JournalLine[], size: number): Map<string, string> {
  const ends = new Map<string, string>();
  for (const { to, type, item, outcome } of lines) {
    if (to - 1 <= size && item !== undefined) ends.set(item, type === "begin" ? "lost" : outcome!);
  }
  return ends;
}
