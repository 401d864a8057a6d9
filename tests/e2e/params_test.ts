import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

const config = `
version: 1
name: params
params:
  id: 9223372036854775807
  share: { default: 0.5 }
  region: { default: null, enum: [eu, us] }
tasks:
  t:
    exec: { command: [echo, "\${{ params.id }}"] }
    outputs: { id: params.id, share: params.share, region: params.region, none: "params.region == null" }
`;

test(
  "whole numbers of 64 bits pass exactly through a run's params, its journal and a resume, from wherever they come",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", config);
    sandbox.write("more.yaml", "id: 9007199254740993\n");
    sandbox.write("more.json", '{ "id": -9223372036854775808, "share": 1.0 }');
    const cases: readonly (readonly [flags: readonly string[], id: string])[] = [
      [[], "9223372036854775807"],
      [["--set", "id=-9007199254740993"], "-9007199254740993"],
      [["--params", "more.yaml"], "9007199254740993"],
      [["--params", "more.json"], "-9223372036854775808"],
      [["--params", "more.json", "--resume"], "-9223372036854775808"],
    ];
    for (const [flags, id] of cases) {
      const { code, stderr } = await sandbox.run(["run", "job.yaml", "--report", "r.json", ...flags]);
      assert.equal(code, 0, stderr);
      const text = sandbox.read("r.json");
      assert.equal(JSON.parse(text).results[0].output.stdout, `${id}\n`);
      assert.match(text, new RegExp(`"params": \\{\\s*"id": ${id},`));
      assert.match(text, new RegExp(`"outputs":\\{"id":${id},`));
    }
    const { code, stderr } = await sandbox.run(["run", "job.yaml", "--set", "share=9007199254740993"]);
    assert.deepEqual([code, /t\.share: 9007199254740993$/m.test(stderr)], [0, true], stderr);
  }),
);

test(
  "a param whose default is null may be left out, whatever its choices",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", config);
    sandbox.write("nothing.yaml", "region: null\n");
    const outputs = async (...flags: string[]) => {
      const { code, stderr } = await sandbox.run(["run", "job.yaml", "--report", "r.json", ...flags]);
      assert.equal(code, 0, stderr);
      const { region, none } = JSON.parse(sandbox.read("r.json")).results[0].outputs;
      return [region, none];
    };
    assert.deepEqual(await outputs(), [null, true]);
    assert.deepEqual(await outputs("--params", "nothing.yaml"), [null, true]);
    assert.deepEqual(await outputs("--set", "region=us"), ["us", false]);
    const { code, stderr } = await sandbox.run(["run", "job.yaml", "--set", "region=null"]);
    assert.equal(code, 2);
    assert.match(stderr, /region from --set: "null" is not one of "eu", "us"/);
  }),
);

test(
  "--params FILE is read as a config is: everything that is wrong with it, each with its place",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", config);
    sandbox.write("bad.yaml", 'id: 007\nshare: 1.0\nregion: "${{ run.id }}"\nregion: eu\nmore: *none\n');
    const { code, stderr } = await sandbox.run(["run", "job.yaml", "--params", "bad.yaml"]);
    assert.equal(code, 2);
    assert.deepEqual(stderr.match(/^bad\.yaml:\d+:\d+: .*/gm), [
      'bad.yaml:1:5: 007 would become 7: write "007" in quotes if it is text, else 7',
      'bad.yaml:2:8: 1.0 would become 1: write "1.0" in quotes if it is text, else 1',
      "bad.yaml:3:9: no ${{ }} may stand here: this is fixed in the config, write it out",
      'bad.yaml:4:1: the key "region" stands here twice, first on line 3',
      'bad.yaml:5:7: no anchor &none stands before this; if it is text, quote it: more: "*none"',
    ]);
    for (const content of ["", "[1]", "id: [", "\x00"]) {
      sandbox.write("bad.yaml", content);
      const { code, stderr } = await sandbox.run(["run", "job.yaml", "--params", "bad.yaml"]);
      assert.deepEqual([code, /^bad\.yaml:1:\d+: /.test(stderr)], [2, true], stderr);
    }
  }),
);

test(
  "fanout check goes on past a file that cannot be read",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", config.replace("params:", "parms:"));
    const { code, stderr } = await sandbox.run(["check", "none.yaml", ".", "job.yaml"]);
    assert.equal(code, 2);
    assert.match(stderr, /none\.yaml: there is no such file\n.*is a directory.*\njob\.yaml:4:1: .*"params"/);
    assert.match(stderr, /[3-9] problems found\n$/);
  }),
);
