import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Disk, realDisk } from "./disk.ts";
import { fileSpool } from "./spool.ts";

function inDirectory(body: (path: string) => void): () => void {
  return () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "fanout-spool-"));
    try {
      body(join(directory, "run.spool"));
      assert.deepEqual(fs.readdirSync(directory), []);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  };
}

test(
  "fileSpool() gives values back as they were, in any order and more than once",
  inDirectory((path) => {
    const spool = fileSpool(realDisk, path);
    const value = {
      id: 9007199254740993n,
      bytes: new Uint8Array([0, 255]),
      text: "ü\ud800",
      list: [null, -0.5],
    };
    Object.defineProperty(value, "__proto__", { value: 7, enumerable: true });
    const first = spool.put(value);
    const second = spool.put(["another"]);
    assert.deepEqual(second(), ["another"]);
    for (let time = 0; time < 2; time++) {
      const back = first();
      assert.deepEqual([back.id, [...back.bytes], back.text, back.list], [
        value.id,
        [0, 255],
        value.text,
        value.list,
      ]);
      assert.equal(Object.getOwnPropertyDescriptor(back, "__proto__")?.value, 7);
    }
    spool.clear();
  }),
);

test(
  "fileSpool() makes its file when it is needed, for nobody else, and takes the name from it at once",
  inDirectory((path) => {
    const made: number[] = [];
    const disk: Disk = {
      ...realDisk,
      create(file, mode) {
        const fd = realDisk.create(file, mode);
        made.push(fs.fstatSync(fd).mode & 0o777);
        return fd;
      },
    };
    const spool = fileSpool(disk, path);
    spool.clear();
    assert.deepEqual(made, []);
    spool.put("a");
    assert.equal(fs.existsSync(path), false);
    spool.clear();
    // It may be used again.
    assert.equal(spool.put("b")(), "b");
    assert.deepEqual(made, [0o600, 0o600]);
    spool.clear();
  }),
);

test(
  "fileSpool() keeps values in memory when the disk fails",
  inDirectory((path) => {
    let isFull = false;
    const disk: Disk = {
      ...realDisk,
      write(fd, bytes, from, to) {
        if (isFull) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        return realDisk.write(fd, bytes, from, to);
      },
    };
    const spool = fileSpool(disk, path);
    const before = spool.put("on the disk");
    isFull = true;
    const after = spool.put("in memory");
    isFull = false;
    assert.deepEqual([before(), after(), spool.put("too")()], ["on the disk", "in memory", "too"]);
    spool.clear();
  }),
);
