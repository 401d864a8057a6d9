import {
  anyKey,
  count,
  fixedText,
  isMap,
  list,
  named,
  nullable,
  required,
  section,
  settings,
  shapes,
  size,
  text,
} from "../schema/words.ts";
import type { Kind } from "./kind.ts";

const env = named(nullable(text("The value.")), {
  description: "Environment variables, added to those inherited; `null` takes one away. Secrets go here.",
  examples: [{ API_TOKEN: "${{ secrets.apiToken }}" }],
}, anyKey);

const cwd = text({
  description: "Working directory, relative to the config.",
  default: "the config's directory",
});

const maxBytes = size({
  description: "Largest stdout and stderr, each; more fails the attempt.",
  default: "1MiB",
});

const schema = settings(
  {
    command: list(text("One argument.", { secrets: false }), {
      description: "The program and its arguments; no shell takes part.",
      examples: [["./bin/resize", "--size", "${{ matrix.size }}"]],
    }, { min: 1 }),
    shell: fixedText({
      description: "A text for `sh -c`, fixed in the config; values reach it as environment variables.",
      examples: ['gzip -c "$FILE" | wc -c'],
    }),
    env,
    cwd,
    stdin: shapes(
      [
        text("The text."),
        section({ file: required(text("A file to feed, relative to the config.")) }, "A file."),
      ],
      (raw) => isMap(raw) ? 1 : 0,
      "What the program reads from its standard input; nothing unless given.",
    ),
    okExitCodes: list(count("An exit code.", { max: 255 }), {
      description: "Exit codes that count as success; others fail the attempt with `exit_code`.",
      default: [0],
      examples: [[0, 3]],
    }, { min: 1 }),
    maxBytes,
  },
  { description: "Runs a program.", examples: [{ command: ["./check", "${{ item }}"] }] },
  {
    exactlyOne: ["command", "shell"],
  },
);

/** Subprocesses, as far as they are known before anything runs. */
export const execKind: Kind = {
  name: "exec",
  schema,
  targetSchema: settings({ env, cwd, maxBytes }, "Where programs run."),
  attemptMs: null,
  resultFields: {
    exitCode: "int",
    signal: "dyn",
    stdout: "string",
    stderr: "string",
    json: "dyn",
    cpuMs: "int",
    maxRssBytes: "int",
  },
  textFields: ["stdout", "stderr", "json"],
  check: () => {},
  defaultPool: () => ({
    name: "exec",
    concurrency: "cpus",
    why: "default for subprocesses: one per CPU",
    per: null,
  }),
  isHarmless: () => false,
  load: () => Promise.reject(new Error("exec tasks cannot be run yet")),
};
