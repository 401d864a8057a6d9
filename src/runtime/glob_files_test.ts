import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { globFiles } from "./glob_files.ts";

const directory = mkdtempSync(join(tmpdir(), "fanout-glob-"));
after(() => rmSync(directory, { recursive: true }));
const at = (path: string) => join(directory, path);

mkdirSync(at("in/folder.csv"), { recursive: true });
mkdirSync(at("a(b)"));
const names = [
  "a.csv",
  "ab.csv",
  "axcsv",
  ".hidden.csv",
  "é.csv",
  "$1^.csv",
  "line\nend.csv",
  "a|b.csv",
  "-.csv",
];
for (const name of names) writeFileSync(at(`in/${name}`), "");
writeFileSync(at("top.csv"), "");
writeFileSync(at("a(b)/c.csv"), "");
symlinkSync("a.csv", at("in/link.csv"));
symlinkSync("folder.csv", at("in/link_to_folder.csv"));
symlinkSync("nowhere", at("in/dangling.csv"));
symlinkSync("in", at("other"));

const patterns = [
  "*",
  "*.csv",
  ".*",
  "in/*",
  "in/*.csv",
  "in/.*",
  "in/.hid*",
  "in/a*v",
  "in/*a*",
  "in/a.csv",
  "in/$*",
  "in/a|*",
  "in/nothing*",
  "./in/*.csv",
  "in//*.csv",
  "in/../in/*.csv",
  `../${directory.split("/").at(-1)}/in/*.csv`,
  at("in/*.csv"),
  "other/*.csv",
  "nowhere/*",
  "in/a.csv/*",
  "in/",
  "a(b)/*.csv",
  "in/?.csv",
  "**/*.csv",
  "in/**",
  "",
];

for (const pattern of patterns) {
  test(`globFiles(${JSON.stringify(pattern.replace(directory, ""))}) finds what the runtime's own glob finds`, async () => {
    const expected = globSync(pattern, { cwd: directory }).filter((path) => {
      try {
        return statSync(resolve(directory, path)).isFile();
      } catch {
        return false;
      }
    });
    assert.deepEqual((await globFiles(pattern, directory)).sort(), expected.sort());
  });
}
