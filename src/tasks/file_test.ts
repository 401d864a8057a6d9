import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { type AttemptSetup, perform } from "../../tests/support/perform_task.ts";
import type { ValueMap } from "../model/json.ts";
import { type FileReader, ReadTrouble } from "../runtime/read_files.ts";
import { openFileTask } from "./file.ts";
import { DecodeError } from "./kind.ts";

let directory = "";
before(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "fanout-file-"));
});
after(() => fs.rmSync(directory, { recursive: true, force: true }));

/** Writes a file and reads it by a task. */
function read(
  content: string | Uint8Array,
  spec: ValueMap = {},
  setup: Partial<AttemptSetup> = {},
  name = "f",
) {
  fs.writeFileSync(join(directory, name), content);
  return readPath(name, spec, setup);
}

const readPath = (path: string, spec: ValueMap = {}, setup: Partial<AttemptSetup> = {}) =>
  perform(openFileTask, { path, ...spec }, { directory, ...setup });

async function answer(...given: Parameters<typeof read>) {
  const result = await read(...given);
  assert.equal(result.kind, "answer", inspect(result));
  return result as Extract<typeof result, { kind: "answer" }>;
}

async function errorOf(result: ReturnType<typeof read>) {
  const failure = await result;
  assert.equal(failure.kind, "failed", inspect(failure));
  return (failure as Extract<typeof failure, { kind: "failed" }>).error;
}

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

test("file reports size, hash and text, and gives them to expressions", async () => {
  const { output, fields } = await answer("héllo\n", {}, { reads: ["text"] });
  assert.deepEqual(output, { bytes: 7, sha256: sha256("héllo\n"), text: "héllo\n", truncated: false });
  assert.deepEqual([fields["text"], fields["bytes"], fields["sha256"]], ["héllo\n", 7, sha256("héllo\n")]);
  assert.equal(
    (fields["modifiedAt"] as Date).getTime(),
    Math.floor(fs.statSync(join(directory, "f")).mtimeMs),
  );
});

test("file reads any size whole, and cuts what it reports", async () => {
  for (const size of [0, 1, 65_536, 262_144, 262_145, 3_000_000]) {
    const content = new Uint8Array(size).map((_, at) => 97 + at % 23);
    const { output } = await answer(content);
    assert.deepEqual([output["bytes"], output["sha256"]], [size, sha256(content)]);
    assert.equal(output["truncated"], size > 16_384);
  }
});

test("file reports bytes that are no text as base64, and none with format bytes", async () => {
  const content = Uint8Array.of(0xff, 0);
  const facts = { bytes: 2, sha256: sha256(content), truncated: false };
  assert.deepEqual((await answer(content)).output, { ...facts, textBase64: "/wA=" });
  assert.deepEqual((await answer(content, { format: "bytes" })).output, facts);
});

test("file reads what its format says into json and rows", async () => {
  const table: [ValueMap, string, string, ValueMap, string?][] = [
    [{ format: "json" }, '{"id": 9007199254740993}', "json", { json: { id: 9007199254740993n } }],
    [{ format: "json" }, "\ufeff[1]", "json", { json: [1] }],
    [{ format: "yaml" }, "a: [1, x]", "json", { json: { a: [1, "x"] } }],
    [{ format: "csv" }, 'a,b\r\n1,"x\ny"\r\n', "rows", { rows: [{ a: "1", b: "x\ny" }] }],
    [{ format: "lines" }, "a\r\n\nb", "rows", { rows: ["a", "b"] }],
    [{}, "a: 1", "json", { text: "a: 1" }, "f.yml"],
    [{}, "a\n1", "rows", { text: "a\n1" }, "f.csv"],
  ];
  for (const [spec, content, field, kept, name] of table) {
    const { output, fields } = await answer(content, spec, { reads: [field] }, name);
    const { bytes: _bytes, sha256: _sha256, truncated, ...rest } = output;
    assert.deepEqual(rest, kept);
    assert.equal(truncated, false);
    assert.deepEqual(fields[field], kept[field] ?? (name === "f.yml" ? { a: 1 } : [{ a: "1" }]));
  }
});

test("file keeps the cut text of a value that is too large to be kept", async () => {
  const { output } = await answer(JSON.stringify(Array(5000).fill("abc")), { format: "json" });
  assert.equal(output["truncated"], true);
  assert.match(String(output["text"]), /^\["abc",.*cut: 30001 bytes in all.*"abc"\]$/s);
  const none = await answer("[1]", { format: "json" }, { capture: { mode: "none" } });
  assert.deepEqual(Object.keys(none.output), ["bytes", "sha256", "truncated"]);
});

test("file fails with decode and a place when the content is not what the format says", async () => {
  const table: [ValueMap, string | Uint8Array, RegExp][] = [
    [
      { format: "text" },
      Uint8Array.of(0x61, 0x0a, 0xff),
      /^"f" is not UTF-8 text: byte 0xff at offset 2 \(line 2\)$/,
    ],
    [{ format: "json" }, '{"a":\n}', /^"f" is not JSON: unexpected "}" at line 2, column 1/],
    [{ format: "json" }, "", /^"f" is empty, not JSON$/],
    [{ format: "yaml" }, "a: [", /^"f" is not YAML: .* at line 1, column 5$/],
    [
      { format: "yaml" },
      "a: 1\n---\nb: 2",
      /^"f" is not YAML: a second document begins at line 2, column 1$/,
    ],
    [
      { format: "yaml" },
      "a: 1\nb: 2\na: 3",
      /^"f" is not YAML: the key "a" stands twice at line 3, column 1$/,
    ],
    [{ format: "yaml" }, "[".repeat(3_000_000), /^"f" is YAML that is nested more than 500 levels/],
    [
      { format: "yaml" },
      Array.from(
        { length: 10 },
        (_, at) => `- &a${at} ${"[".repeat(99)}${at && `*a${at - 1}`}${"]".repeat(99)}`,
      )
        .join("\n"),
      /^"f" is YAML that is nested more than 500 levels/,
    ],
    [
      { format: "json" },
      "[".repeat(501) + "]".repeat(501),
      /^"f" is JSON that is nested more than 500 levels deep$/,
    ],
    [{ format: "csv" }, "a,b\n1,2\n3\n", /^"f" is not CSV: .*3/],
    [{ format: "csv" }, "a,a\n1,2\n", /^"f" is no CSV with a header: line 1 has two columns named "a"$/],
  ];
  for (const [spec, content, message] of table) {
    const error = await errorOf(read(content, spec));
    assert.deepEqual([error.code, error.retryable], ["decode", false]);
    assert.match(error.message, message);
  }
});

test("file without a format checks nothing unless an expression asks", async () => {
  const { fields } = await answer("no json", {}, { reads: ["json"] });
  assert.throws(
    () => fields["json"],
    (error) => error instanceof DecodeError && /"f" is not JSON/.test(error.message),
  );
});

test("file says what stands in the way", async () => {
  fs.mkdirSync(join(directory, "dir"), { recursive: true });
  fs.symlinkSync("loop", join(directory, "loop"));
  fs.writeFileSync(join(directory, "target"), "here");
  fs.symlinkSync("target", join(directory, "link"));
  execFileSync("mkfifo", [join(directory, "fifo")]);
  const server = createServer().listen(join(directory, "socket"));
  await new Promise((resolve) => server.on("listening", resolve));
  const table: [string, string, RegExp][] = [
    ["missing", "not_found", /^Cannot read "missing": there is no such file$/],
    ["target/x", "not_found", /a part of its path is not a directory/],
    ["a\0b", "not_found", /^Cannot read "a\\u0000b": no path has a NUL in it$/],
    ["", "not_found", /^Cannot read a file: its path is empty$/],
    ["dir", "not_a_file", /it is a directory, not a regular file/],
    ["fifo", "not_a_file", /it is a FIFO, not a regular file/],
    ["socket", "not_a_file", /./],
    ["/dev/zero", "not_a_file", /it is a device, not a regular file/],
    ["loop", "io", /its symlinks go round in a loop/],
    ["x".repeat(300), "io", /its path is too long/],
  ];
  for (const [path, code, message] of table) {
    const error = await errorOf(readPath(path));
    assert.deepEqual([error.code, error.retryable], [code, false], path);
    assert.match(error.message, message);
  }
  server.close();
  assert.equal((await readPath("link")).kind, "answer");
});

test("file refuses what is larger than maxBytes, without reading it", async () => {
  const error = await errorOf(read("x".repeat(1000), { maxBytes: 999 }));
  assert.deepEqual([error.code, error.retryable], ["too_large", false]);
  assert.match(error.message, /^Cannot read "f": it has 1000 bytes or more, maxBytes is 999$/);
  assert.equal((await read("x".repeat(999), { maxBytes: 999 })).kind, "answer");
});

/** A file of chunks, or of an error, that the test makes up. */
function fakeFiles(read: () => ReturnType<FileReader["read"]>, bytes = 10) {
  const closed = { count: 0 };
  const reader = { bytes, modifiedMs: 0, read, close: () => void closed.count++ };
  return { files: { open: () => Promise.resolve(reader) }, closed };
}

test("file stops at maxBytes when a file grows while it is read", async () => {
  const { files, closed } = fakeFiles(() => new Uint8Array(100));
  const error = await errorOf(readPath("f", { maxBytes: 1000 }, { ports: { files } }));
  assert.equal(error.code, "too_large");
  assert.equal(closed.count, 1);
});

test("file is tried again only when the file went away on its server", async () => {
  const trouble = (code: string) => new ReadTrouble(Object.assign(new Error(code), { code }));
  const table = [["ESTALE", "io", true], ["EIO", "io", false], ["EACCES", "permission", false]] as const;
  for (const [code, expected, retryable] of table) {
    const { files, closed } = fakeFiles(() => Promise.reject(trouble(code)));
    const error = await errorOf(readPath("f", {}, { ports: { files } }));
    assert.deepEqual([error.code, error.retryable, closed.count], [expected, retryable, 1]);
  }
  const { files } = fakeFiles(() => Promise.reject(trouble("EMFILE")));
  assert.equal((await readPath("f", {}, { ports: { files } })).kind, "backpressure");
});

test("file stops between two reads when it is cancelled", async () => {
  let reads = 0;
  const { files, closed } = fakeFiles(() => {
    reads++;
    return new Promise((resolve) => setImmediate(() => resolve(new Uint8Array(1))));
  });
  const reason = { code: "interrupted", message: "stopped" } as const;
  const error = await errorOf(readPath("f", {}, { ports: { files }, cancelOn: Promise.resolve(reason) }));
  assert.equal(error.code, "interrupted");
  assert.ok(reads <= 1);
  assert.equal(closed.count, 1);
});
