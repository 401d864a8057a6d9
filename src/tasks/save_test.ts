import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Template } from "../model/expression.ts";
import { realSaveFiles } from "../runtime/save_files.ts";
import { openSave, placeKey, SaveError, savePlace } from "./save.ts";
import { makeSaveRegister } from "./save_register.ts";

/** `<x>` stands for an expression with the value of `values.x`. */
function template(source: string, values: { readonly [name: string]: string } = {}): Template {
  const parts = source.split(/(<\w+>)/).filter((part) => part !== "");
  return {
    source,
    constant: !source.includes("<"),
    parts: parts.map((part) => part.startsWith("<") ? { source: part } : part),
    renderText: (_vars: unknown, encode = (text: string, _part: number) => text) =>
      parts.map((part, at) => part.startsWith("<") ? encode(values[part.slice(1, -1)]!, at) : part).join(""),
  } as unknown as Template;
}

function inDirectory(check: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "fanout-save-"));
    try {
      await check(directory);
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  };
}

const save = async (directory: string, path: string, content = "data") => {
  const opened = openSave(realSaveFiles, savePlace(template(path), {}, directory));
  opened.write(new TextEncoder().encode(content));
  await opened.commit();
};

/** Every file below a directory, temporary ones too. */
const filesIn = (directory: string) =>
  fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort();

test("savePlace() keeps relative paths below the output directory, absolute ones below what is written out", () => {
  const table: [string, { [name: string]: string }, string][] = [
    ["a.json", {}, "/out/a.json"],
    ["./x//y/../<id>.json", { id: "7" }, "/out/x/7.json"],
    ["<id>", { id: ".hidden" }, "/out/.hidden"],
    ["d/<a>.<b>", { a: "..x", b: "y" }, "/out/d/..x.y"],
    ["/data/<id>/f", { id: "7" }, "/data/7/f"],
    ["/data/p-<id>", { id: "7" }, "/data/p-7"],
    ["/data/../srv/f", {}, "/data/../srv/f"],
    ["/<id>", { id: "7" }, "/7"],
  ];
  for (const [path, values, key] of table) {
    assert.equal(placeKey(savePlace(template(path, values), {}, "/out")), key, path);
  }
});

test("savePlace() refuses values that are more than one name, and paths that leave their directory", () => {
  const table: [string, { [name: string]: string }, RegExp][] = [
    ["<id>.json", { id: "a/b" }, /"a\/b" in the path has a \/ in it/],
    ["<id>/f", { id: ".." }, /names a directory/],
    ["<id>/f", { id: "." }, /names a directory/],
    [".<id>/f", { id: "." }, /names a directory/],
    ["<id>", { id: "" }, /is empty/],
    ["<id>", { id: "a\0b" }, /NUL/],
    ["<id>", { id: "/etc/passwd" }, /has a \/ in it/],
    ["../x", {}, /leaves the output directory/],
    ["a/../../x", {}, /leaves the output directory/],
    ["/data/<id>/../../x", { id: "7" }, /leaves the output directory/],
    ["out/", {}, /names no file/],
    ["out/..", {}, /names no file/],
    [".", {}, /names no file/],
    ["", {}, /names no file/],
  ];
  for (const [path, values, message] of table) {
    assert.throws(() => savePlace(template(path, values), {}, "/out"), (error) => {
      assert.ok(error instanceof SaveError, path);
      assert.match(error.message, message, path);
      return true;
    });
  }
});

test(
  "openSave() writes a file of mode 0600 in directories of mode 0700, and nothing else",
  inDirectory(async (directory) => {
    const umask = process.umask(0);
    try {
      await save(join(directory, "out"), "a/b/f.txt", "hello");
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(filesIn(directory), ["out/a/b/f.txt"]);
    assert.equal(fs.readFileSync(join(directory, "out/a/b/f.txt"), "utf8"), "hello");
    assert.equal(fs.statSync(join(directory, "out/a/b/f.txt")).mode & 0o777, 0o600);
    for (const name of ["out", "out/a", "out/a/b"]) {
      assert.equal(fs.statSync(join(directory, name)).mode & 0o777, 0o700, name);
    }
  }),
);

test(
  "openSave() replaces a file whole, and leaves it as it was when discarded",
  inDirectory(async (directory) => {
    await save(directory, "f", "old");
    const opened = openSave(realSaveFiles, savePlace(template("f"), {}, directory));
    opened.write(new Uint8Array(200_000));
    assert.equal(filesIn(directory).length, 2, "a large result waits in a file of its own");
    assert.equal(fs.readFileSync(join(directory, "f"), "utf8"), "old");
    opened.discard();
    opened.discard();
    opened.write(new Uint8Array(200_000));
    assert.deepEqual(filesIn(directory), ["f"]);
    await assert.rejects(opened.commit(), /was not received whole/);
    await save(directory, "f", "new");
    assert.equal(fs.readFileSync(join(directory, "f"), "utf8"), "new");
  }),
);

test(
  "openSave() keeps the bytes of a large result in order, whatever the caller does with its buffer",
  inDirectory(async (directory) => {
    const opened = openSave(realSaveFiles, savePlace(template("f"), {}, directory));
    const buffer = new Uint8Array(10_000);
    for (let round = 0; round < 50; round++) opened.write(buffer.fill(round));
    await opened.commit();
    const written = fs.readFileSync(join(directory, "f"));
    assert.equal(written.length, 500_000);
    assert.ok(written.every((byte, at) => byte === Math.floor(at / 10_000)));
  }),
);

test(
  "openSave() follows no symlink, neither as a directory nor as the file",
  inDirectory(async (directory) => {
    const out = join(directory, "out");
    fs.mkdirSync(join(directory, "elsewhere"));
    fs.mkdirSync(out);
    fs.writeFileSync(join(directory, "victim"), "precious");
    fs.symlinkSync("../elsewhere", join(out, "link"));
    fs.symlinkSync("../victim", join(out, "f"));
    await assert.rejects(save(out, "link/f"), /Cannot save to "link\/f": "link" in its path is a symlink/);
    await assert.rejects(save(out, "f"), /Cannot save to "f": a symlink stands there/);
    assert.equal(fs.readFileSync(join(directory, "victim"), "utf8"), "precious");
    assert.deepEqual(filesIn(directory), ["out/f", "out/link", "victim"]);
  }),
);

test(
  "openSave() says what is in its way",
  inDirectory(async (directory) => {
    fs.writeFileSync(join(directory, "file"), "");
    fs.mkdirSync(join(directory, "dir"));
    await assert.rejects(save(directory, "file/f"), /"file" in its path is no directory/);
    await assert.rejects(save(directory, "dir"), /a directory stands there/);
    await assert.rejects(save(join(directory, "file"), "f"), SaveError);
    await assert.rejects(save(directory, "x".repeat(300)), /its path is too long/);
    assert.deepEqual(filesIn(directory), ["file"]);
  }),
);

test("makeSaveRegister() names who has a place already", () => {
  const register = makeSaveRegister();
  register.reserve("/c/config.yaml", "the config");
  assert.equal(register.claim("/c/config.yaml", { task: 0, index: 0 }), "the config");
  assert.equal(register.claim("/out/a", { task: 1, index: 7 }), undefined);
  assert.equal(register.claim("/out/a", { task: 1, index: 7 }), undefined, "a second attempt");
  assert.deepEqual(register.claim("/out/a", { task: 0, index: 7 }), { task: 1, index: 7 });
  for (let index = 0; index < 20_000; index++) {
    assert.equal(register.claim(`/out/many/${index}`, { task: 2, index }), undefined);
  }
  assert.deepEqual(register.claim("/out/many/12345", { task: 2, index: 1 }), { task: 2, index: 12345 });
});
