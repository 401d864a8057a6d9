import {
  anyKey,
  complain,
  count,
  fixedText,
  isMap,
  list,
  mapped,
  named,
  nullable,
  required,
  section,
  settings,
  shapes,
  size,
  text,
  type Word,
} from "../schema/words.ts";
import { quotedText } from "../schema/quoted_text.ts";
import type { Kind } from "./kind.ts";

const env = named(nullable(text("The value.")), {
  description: "Environment variables, added to those inherited; `null` takes one away. Secrets go here.",
  examples: [{ API_TOKEN: "${{ secrets.apiToken }}" }],
}, anyKey);

const cwd = text({
  description: "Working directory, relative to the config.",
  default: "the config's directory",
});

/** Most of stdout and of stderr that is kept, unless `maxBytes` says otherwise. */
export const defaultMaxBytes = 1024 * 1024;

const maxBytes = size({
  description:
    "How much of stdout, and of stderr, may be kept. A program may print more: that is read and dropped, " +
    "unless an expression or `save` wants all of it; then the attempt fails with `too_large`.",
  default: "1MiB",
});

const fixedShellText = fixedText({
  description: "A text for `sh -c`, fixed in the config; values reach it as environment variables.",
  examples: ['gzip -c "$FILE" | wc -c'],
});

/** The shell would take a value in its text for a part of the program: this is the mistake to explain. */
const shellText: Word<string> = {
  ...fixedShellText,
  read(raw, place) {
    if (typeof raw === "string" && raw.trim() === "") return complain(place, "the shell text is empty");
    if (typeof raw !== "string" || !raw.includes("${{")) return fixedShellText.read(raw, place);
    place.reading.report(
      place.path,
      "no ${{ }} may stand in a shell text, where data would be run as commands: " +
        'write env: { VALUE: "${{ … }}" } beside it, and "$VALUE" in it',
    );
    return undefined;
  },
};

/** A command line is a list of its words, or a text for a shell. */
function commandMeant(raw: string | number | boolean): string {
  const line = String(raw).trim();
  const isPlain = /^[\w./:=@%+,-]+( +[\w./:=@%+,-]+)*$/.test(line);
  const words = isPlain
    ? `[${line.split(/ +/).join(", ")}]`
    : "a list, the program first, then each argument";
  return line.includes("${{") || !line.includes(" ") ? words : `${words}, or shell: ${quotedText(line)}`;
}

const exitCode = shapes(
  [
    count("An exit code.", { max: 255 }),
    mapped(fixedText("A range of exit codes."), (range, place) => {
      const bounds = readRange(range);
      if (bounds !== undefined) return range;
      place.reading.report(place.path, `expected an exit code or a range such as 0-3, got "${range}"`);
    }),
  ],
  (raw) => typeof raw === "string" && !raw.includes("${{") ? 1 : 0,
  "An exit code, or a range of them.",
);

const schema = settings(
  {
    command: list(text("One argument.", { secrets: false }), {
      description: "The program and its arguments; no shell takes part.",
      examples: [["./bin/resize", "--size", "${{ matrix.size }}"]],
    }, { min: 1, meant: commandMeant }),
    shell: shellText,
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
    okExitCodes: list(exitCode, {
      description: "Exit codes that count as success; others fail the attempt with `exit_code`.",
      default: [0],
      examples: [[0, 3], [0, "64-78"]],
    }, { min: 1 }),
    maxBytes,
  },
  {
    description:
      "Runs a program, in a process group of its own: when it times out or the run is stopped, the whole " +
      "group gets SIGTERM, and SIGKILL 1.5 s later. What it leaves running when it ends is ended too, unless it let go of " +
      "stdout and stderr. Exit code 75 asks for another attempt.",
    examples: [{ command: ["./check", "${{ item }}"] }],
  },
  {
    exactlyOne: ["command", "shell"],
  },
);

/** The section under a task, as a performer gets it: numbers are evaluated, texts are templates. */
export interface ExecSpec {
  readonly command?: readonly string[] | null;
  readonly shell?: string | null;
  readonly env?: { readonly [name: string]: string | null } | null;
  readonly cwd?: string | null;
  readonly stdin?: string | { readonly file: string } | null;
  readonly okExitCodes?: readonly (number | string)[] | null;
  /** Bytes. */
  readonly maxBytes?: number | null;
}

/** Whether an exit code is one of a list of codes and ranges. */
export function isExitCodeIn(list: readonly (number | string)[]): (exitCode: number) => boolean {
  const ranges = list.map((each) => typeof each === "number" ? [each, each] as const : readRange(each)!);
  return (exitCode) => ranges.some(([from, to]) => exitCode >= from && exitCode <= to);
}

/** `64-78` as its bounds; undefined when it is no range of exit codes. */
function readRange(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,3})-(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from <= to && to <= 255 ? [from, to] : undefined;
}

/** Subprocesses, as far as they are known before anything runs. */
export const execKind: Kind = {
  name: "exec",
  limits: { maxBytes: defaultMaxBytes },
  schema,
  targetSchema: settings({ env, cwd, maxBytes }, "Where programs run."),
  attemptMs: null,
  resultFields: {
    exitCode: "int",
    signal: "dyn",
    stdout: "string",
    stderr: "string",
    json: "dyn",
    // Null where the system does not tell.
    cpuMs: "dyn",
    maxRssBytes: "dyn",
  },
  textFields: ["stdout", "stderr", "json"],
  check(spec, report) {
    for (const name of Object.keys((spec as ExecSpec).env ?? {})) {
      if (!/[=\0]/.test(name)) continue;
      report(
        ["env", name],
        `${JSON.stringify(name)} cannot name a variable: it has a = or a NUL in it`,
        {
          on: "key",
        },
      );
    }
  },
  describe: (spec) => {
    const { command, shell } = spec as ExecSpec;
    return command ? `runs ${command.join(" ")}` : `runs in a shell: ${shell}`;
  },
  defaultPool: () => ({
    name: "exec",
    concurrency: "cpus",
    why: "default for subprocesses: one per CPU",
    per: null,
  }),
  isHarmless: () => false,
  load: async () => (await import("./exec.ts")).openExec,
};
