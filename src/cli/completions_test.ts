import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { bashCompletions, fishCompletions, zshCompletions } from "./completions.ts";

const asked: readonly (readonly [words: readonly string[], includes: string, excludes: string])[] = [
  [[""], "run", "--set"],
  [["ru"], "run", "report"],
  [["run", "--pro"], "--progress", "--set"],
  [["run", "--progress", ""], "bar", "--progress"],
  [["report", "-f", "h"], "html", "json"],
  [["help", "cr"], "cron", "run"],
  [["completions", ""], "zsh", "run"],
];

test("bashCompletions() completes commands, flags and their values", () => {
  const script = bashCompletions(commands);
  for (const [words, includes, excludes] of asked) {
    const line = ["fanout", ...words].map((word) => `'${word}'`).join(" ");
    const ask =
      `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _fanout; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const given = execFileSync("bash", ["-c", `${script}\n${ask}`], { encoding: "utf8" }).split("\n");
    assert.ok(given.includes(includes), `${line}: ${given}`);
    assert.ok(!given.includes(excludes), `${line}: ${given}`);
  }
});

test("bashCompletions() leaves the names of files to the shell", () => {
  const ask = "COMP_WORDS=(fanout run x); COMP_CWORD=2; _fanout; echo ${#COMPREPLY[@]}";
  const script = `${bashCompletions(commands)}\n${ask}`;
  assert.equal(execFileSync("bash", ["-c", script], { encoding: "utf8" }), "0\n");
});

test("every script names every command and every flag", () => {
  for (const script of [bashCompletions(commands), zshCompletions(commands), fishCompletions(commands)]) {
    for (const { name, flags } of commands) {
      assert.ok(script.includes(name), name);
      for (const flag of flags) assert.match(script, new RegExp(`(--|-l )${flag.name}\\b`));
    }
  }
});

const awkward: Command = {
  name: "do",
  operands: "",
  operandCount: { min: 0, max: 0 },
  summary: "It's [this]: that",
  examples: [],
  flags: [
    { name: "one", short: "o", value: "N:M", description: "It's [one]: or \\two." },
    { name: "all", repeatable: true, value: "X", description: "Any." },
    { name: "maybe", optionalValue: true, value: "RUN", description: "Or not." },
  ],
  load: () => Promise.reject(new Error("never loaded")),
};

test("zshCompletions() escapes what means something to _arguments", () => {
  const lines = zshCompletions([awkward]).split("\n").map((line) => line.trim());
  assert.ok(lines.includes(String.raw`'do:It'\''s [this]: that'`), lines.join("\n"));
  const specs = lines.join("\n");
  const expected = [
    String.raw`'(--one -o)--one=[It'\''s \[one\]: or \\two.]:N\:M:_files'`,
    String.raw`'(--one -o)-o+[It'\''s \[one\]: or \\two.]:N\:M:_files'`,
    "'*--all=[Any.]:X:_files'",
    "'--maybe=-[Or not.]::RUN:_files'",
  ];
  for (const spec of expected) assert.ok(specs.includes(spec), `${spec} in\n${specs}`);
});

test("fishCompletions() quotes descriptions", () => {
  const script = fishCompletions([awkward]);
  assert.ok(script.includes(String.raw`-l one -s o -r -d 'It\'s [one]: or \\two.'`), script);
  assert.ok(script.includes("-l maybe -d 'Or not.'"), script);
});
