import assert from "node:assert/strict";
import { test } from "node:test";
import { type Disk, type FileFacts, realDisk } from "../runtime/disk.ts";
import { configDirectory, stateDirectory } from "./state_directory.ts";

const ours: FileFacts = { kind: "directory", bytes: 0, mode: 0o700, owner: 1000, identity: "1:1" };

function diskWith(facts: FileFacts): Disk {
  return { ...realDisk, userId: () => 1000, makeDirectory: () => {}, facts: () => facts };
}

test("stateDirectory() takes the first place that is given", () => {
  const cases: readonly (readonly [string | null, Record<string, string>, string])[] = [
    ["/given", { XDG_STATE_HOME: "/xdg", HOME: "/home/me" }, "/given"],
    [null, { XDG_STATE_HOME: "/xdg", HOME: "/home/me" }, "/xdg/fanout"],
    [null, { XDG_STATE_HOME: "relative", HOME: "/home/me" }, "/home/me/.local/state/fanout"],
    [null, { XDG_STATE_HOME: "", HOME: "/home/me" }, "/home/me/.local/state/fanout"],
    [null, { HOME: "" }, "/var/tmp/fanout-1000"],
    [null, {}, "/var/tmp/fanout-1000"],
  ];
  for (const [given, environment, path] of cases) {
    assert.deepEqual(stateDirectory(given, environment, diskWith(ours)), { ok: true, path });
  }
});

test("stateDirectory() refuses a shared directory that somebody else prepared", () => {
  const traps: readonly FileFacts[] = [
    { ...ours, owner: 0 },
    { ...ours, mode: 0o777 },
    { ...ours, kind: "symlink" },
    { ...ours, kind: "file" },
  ];
  for (const trap of traps) {
    const found = stateDirectory(null, {}, diskWith(trap));
    assert.ok(!found.ok && /not a private directory.*--state-dir/.test(found.message), JSON.stringify(trap));
  }
});

test("configDirectory() tells configs of one name apart and is a plain name", () => {
  const one = configDirectory("/state", "nightly sync/..", "/a/nightly.yaml");
  assert.match(one, /^\/state\/nightly_sync___-[0-9a-f]{12}$/);
  assert.notEqual(one, configDirectory("/state", "nightly sync/..", "/b/nightly.yaml"));
});
