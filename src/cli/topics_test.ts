import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes } from "../model/outcome.ts";
import { topicNames } from "./help.ts";
import { topics } from "./topics.ts";

test("topicNames lists every page", () => {
  assert.deepEqual(topics.map(({ name }) => name), topicNames);
});

test("topics fit a terminal of 100 columns and one screen", () => {
  for (const { name, text } of topics) {
    const lines = text.split("\n");
    for (const line of lines) assert.ok(line.length <= 100, `${name}: ${line}`);
    assert.ok(lines.length <= 36, `${name} has ${lines.length} lines`);
    assert.ok(text.endsWith("\n") && !text.endsWith("\n\n"), name);
  }
});

test("topics name only error codes that exist", () => {
  const text = topics.map((topic) => topic.text).join("");
  for (const code of ["http_status", "circuit_open", "outcome_unknown"] as const) {
    assert.ok(text.includes(code) && errorCodes.includes(code));
  }
});
