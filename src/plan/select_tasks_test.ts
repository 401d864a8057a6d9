import assert from "node:assert/strict";
import { test } from "node:test";
import { selectTasks } from "./select_tasks.ts";

const tasks = [
  { name: "users", needs: [], hasKey: false },
  { name: "details", needs: ["users"], hasKey: true },
  { name: "thumbs", needs: [], hasKey: false },
  { name: "upsert", needs: ["details", "thumbs"], hasKey: false },
];

const table: readonly (readonly [string[] | null, Record<string, string[] | null>, ...string[]])[] = [
  [null, { users: null, details: null, thumbs: null, upsert: null }],
  [["thumbs"], { thumbs: null }],
  [["users,thumbs"], { users: null, thumbs: null }],
  [["users, thumbs"], { users: null, thumbs: null }],
  [["details"], { details: null, users: null }],
  [["upsert"], { upsert: null, details: null, thumbs: null, users: null }],
  [["details/17"], { details: ["17"], users: null }],
  [["details/17", "details/18"], { details: ["17", "18"], users: null }],
  [["details/17,details"], { details: null, users: null }],
  [["details,details/17"], { details: null, users: null }],
  [["details/Berlin, DE,thumbs"], { details: ["Berlin, DE"], users: null, thumbs: null }],
  [["details/a/b"], { details: ["a/b"], users: null }],
  [["upsert,details/17"], { upsert: null, details: ["17"], thumbs: null, users: null }],
  [["", ","], {}, "--only names no task: give one, or leave it out"],
  [["users/3"], {}, '--only users/3: task "users" has no "key", so its inputs have no names; add one to it'],
  [["thumb"], {}, '--only names no task "thumb"; did you mean "thumbs"?'],
  [["users,zzz"], { users: null }, '--only names no task "zzz"; tasks are users, details, thumbs, upsert'],
];

for (const [only, gives, ...problems] of table) {
  test(`selectTasks() with ${JSON.stringify(only)}`, () => {
    const selection = selectTasks(tasks, only);
    assert.deepEqual(Object.fromEntries(selection.tasks), gives);
    assert.deepEqual(selection.problems, problems);
  });
}
