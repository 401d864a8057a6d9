import { reportFormats } from "../model/report_format.ts";
import type { Command, Flag } from "./command.ts";

const otherConcurrency = ["jobs", "parallel", "workers", "threads", "max-procs", "max-workers", "j", "P"];

/** What changes the run itself: shared by `run` and `plan`. */
const shaping: readonly Flag[] = [
  {
    name: "set",
    value: "K=V",
    repeatable: true,
    description: "Give a param its value.",
    elsewhere: ["param", "var", "env", "D", "e", "p"],
  },
  { name: "params", value: "FILE", repeatable: true, description: "Read params from a YAML or JSON file." },
  {
    name: "only",
    value: "a,b/KEY",
    repeatable: true,
    description: "Run only these tasks, or only the input with this key, with what they need.",
    elsewhere: ["task", "tasks", "filter", "select", "k", "t"],
  },
  {
    name: "first",
    value: "N",
    description: "Run only the first N inputs of each task.",
    elsewhere: ["limit", "sample", "head", "n"],
  },
  {
    name: "concurrency",
    short: "c",
    value: "N",
    description: "Attempts at a time over all targets.",
    elsewhere: otherConcurrency,
  },
  {
    name: "max-failures",
    value: "N|N%",
    description: "How many failures are tolerated before the run stops: a count or a share.",
    elsewhere: ["maxfail", "max-errors"],
  },
  {
    name: "fail-fast",
    description: "Stop at the first failure and abort what runs.",
    elsewhere: ["exitfirst", "halt", "x"],
  },
  { name: "seed", value: "N", description: "Seed of the backoff's jitter, to repeat a run's waits." },
  { name: "report", value: "PATH", description: "Write the JSON report here; - is stdout." },
  { name: "output-dir", value: "DIR", description: "Directory that save and collect write below." },
  {
    name: "state-dir",
    value: "DIR",
    description: "Where journals are kept (default $XDG_STATE_HOME/fanout).",
  },
];

/** What a run shows. */
const showing: readonly Flag[] = [
  {
    name: "stream",
    value: "PATH",
    optionalValue: true,
    description: "Write each result as a line of JSON as it finishes, to stdout or a file.",
  },
  {
    name: "order",
    value: "ORDER",
    choices: ["completion", "input"],
    description: "Order of --stream (default completion).",
  },
  { name: "quiet", short: "q", description: "Print nothing unless the exit code is not 0." },
  { name: "verbose", short: "v", description: "Print a line for every attempt." },
  {
    name: "progress",
    value: "MODE",
    choices: ["auto", "bar", "log", "none"],
    description: "How progress is shown.",
  },
];

function shapingFlag(name: string): Flag {
  return shaping.find((flag) => flag.name === name)!;
}

/** THE list of commands. */
export const commands: readonly Command[] = [
  {
    name: "run",
    operands: "FILE",
    operandCount: { min: 1, max: 1 },
    summary: "Run a config and write its report",
    details:
      "Progress and the summary go to stderr; the last line is the report's path. The first Ctrl-C lets work in flight finish within run.grace, the second aborts it, the third exits at once.",
    examples: [
      "fanout run nightly.yaml --set day=2026-11-21",
      "fanout run nightly.yaml --only details --first 3 -v",
      "fanout run nightly.yaml --max-failures 5% --report out/report.json",
      "fanout run nightly.yaml --resume",
    ],
    flags: [
      ...shaping,
      {
        name: "resume",
        value: "RUN",
        optionalValue: true,
        description:
          "Go on with the latest run of this config with these params, or with this one: what was ok stays, the rest runs again.",
      },
      {
        name: "rerun",
        value: "TASK",
        repeatable: true,
        description: "Resume, and run the ok runs of this task again too.",
      },
      { name: "dry-run", description: "Print the plan and run nothing: the same as fanout plan." },
      ...showing,
    ],
    load: async () => (await import("./run_command.ts")).runCommand,
  },
  {
    name: "each",
    operands: "http 'GET {}' | exec CMD ARG… {}",
    operandCount: { min: 1, max: Infinity },
    summary: "Run one request or program for each line of stdin, without a config",
    details:
      "Where you would type xargs or parallel. {} is the input: always one argument, whatever it contains, and one encoded segment of a longer URL; no shell takes part. A program without {} gets it as its last argument. The same engine as fanout run: failures are isolated, Ctrl-C is clean, and the report's path is the last line. The output of programs goes to stdout, each in one piece.",
    examples: [
      "cat urls | fanout each -c 20 http 'GET {}'",
      "cat ids | fanout each --save 'out/{}.json' http 'https://api.example.com/users/{}'",
      "find . -name '*.png' -print0 | fanout each -0 -c 4 exec optipng -- {}",
      "",
      "xargs -P4 -n1 gzip < files                  fanout each -c4 -a files exec gzip -- {}",
      "parallel -j4 --timeout 30 gzip :::: files   fanout each -c4 --timeout 30s -a files exec gzip -- {}",
      "parallel --retries 3 curl -f :::: urls      fanout each --attempts 3 -a urls http 'GET {}'",
    ],
    flags: [
      {
        name: "concurrency",
        short: "c",
        value: "N",
        description: "Attempts at a time (default: 16 requests, one program per CPU).",
        elsewhere: otherConcurrency,
      },
      {
        name: "arg-file",
        short: "a",
        value: "FILE",
        description: "Read inputs from this file instead of stdin.",
      },
      { name: "null", short: "0", description: "Inputs end with a NUL, as find -print0 writes them." },
      { name: "rate", value: "N/s", description: "Attempts that may begin, evenly: 100/s, 600/1m." },
      { name: "timeout", value: "D", description: "How long one attempt may take: 30s." },
      {
        name: "attempts",
        value: "N",
        description: "Tries in all for what may be repeated (default 3).",
        elsewhere: ["retries", "retry", "tries"],
      },
      {
        name: "save",
        value: "PATH",
        description: "Write each result to a file; {} in its path is the input, as one name.",
        elsewhere: ["out", "o"],
      },
      { name: "idempotent", description: "Every attempt may be repeated." },
      ...["max-failures", "fail-fast", "seed", "report", "state-dir"].map(shapingFlag),
      ...showing,
    ],
    stopsAtOperand: true,
    load: async () => (await import("./each_command.ts")).eachCommand,
  },
  {
    name: "check",
    operands: "FILE…",
    operandCount: { min: 1, max: Infinity },
    summary: "Print every problem of the files; opens no source, runs nothing",
    examples: ["fanout check nightly.yaml", "fanout check jobs/*.yaml"],
    flags: [],
    load: async () => (await import("./check_command.ts")).checkCommand,
  },
  {
    name: "plan",
    operands: "FILE",
    operandCount: { min: 1, max: 1 },
    summary: "Print tasks, pools, limits and where each came from; runs nothing",
    examples: ["fanout plan nightly.yaml", "fanout plan nightly.yaml --json | jq .tasks[0].timeouts"],
    flags: [...shaping, { name: "json", description: "Print the plan as JSON." }],
    load: async () => (await import("./plan_command.ts")).planCommand,
  },
  {
    name: "init",
    operands: "[FILE]",
    operandCount: { min: 0, max: 1 },
    summary: "Write a commented starter config that runs as it is; never overwrites",
    examples: ["fanout init", "fanout init jobs/nightly.yaml"],
    flags: [],
    load: async () => (await import("./init_command.ts")).initCommand,
  },
  {
    name: "report",
    operands: "[SOURCE]",
    operandCount: { min: 0, max: 1 },
    summary: "Show a report or a journal in any format; rebuilds the report of a killed run",
    details:
      "SOURCE is a report, a journal, the id of a run, or a config, whose latest run is meant. Without it, the latest run of all.",
    examples: [
      "fanout report                                              # what failed just now?",
      "fanout report nightly.yaml --format html -o nightly.html",
      "fanout report reports/nightly.json --format csv",
    ],
    flags: [
      { name: "format", short: "f", value: "F", choices: reportFormats, description: "Default: text." },
      { name: "output", short: "o", value: "PATH", description: "Write here instead of stdout (-)." },
      shapingFlag("state-dir"),
    ],
    load: async () => (await import("./report_command.ts")).reportCommand,
  },
  {
    name: "schema",
    operands: "",
    operandCount: { min: 0, max: 0 },
    summary: "Print the JSON Schema of the config, for editors",
    examples: ["fanout schema > config.schema.json"],
    flags: [],
    load: async () => (await import("./schema_command.ts")).schemaCommand,
  },
  {
    name: "tune",
    operands: "FILE",
    operandCount: { min: 1, max: 1 },
    summary: "Measure several concurrency values at a target and recommend one",
    details:
      "Runs the config's own tasks of this target, over a sample of their inputs, at 1, 2, 4, … at a time, each once and without save. Only tasks that may be repeated are run: what they send, the target gets. Shown are attempts a second, latencies and errors; recommended is the least value with 90 % of the best pace and no more errors than at 1.",
    examples: [
      "fanout tune nightly.yaml --target api",
      "fanout tune nightly.yaml --target warehouse --max 16 --for 10s",
    ],
    flags: [
      { name: "target", short: "t", value: "T", description: "The target to measure." },
      { name: "max", value: "N", description: "The most at a time (default 64; for programs 4 a CPU)." },
      { name: "for", value: "D", description: "How long each value is measured at most (default 3s)." },
      { name: "json", description: "Print the measurements as JSON." },
      ...["set", "params"].map(shapingFlag),
    ],
    load: async () => (await import("./tune_command.ts")).tuneCommand,
  },
  {
    name: "diff",
    operands: "OLD NEW",
    operandCount: { min: 2, max: 2 },
    summary: "Compare two reports: newly failing, recovered, slower; exit 1 on new failures",
    details:
      "OLD and NEW are reports, journals or ids of runs, of one config. Task runs are matched by their key, or by their item. Slower is what took longer by more than the runs of its task differ anyway.",
    examples: [
      "fanout diff reports/yesterday.json reports/today.json",
      "fanout diff old.json new.json --format markdown >> $GITHUB_STEP_SUMMARY",
    ],
    flags: [
      {
        name: "format",
        short: "f",
        value: "F",
        choices: ["text", "json", "markdown"],
        description: "Default: text.",
      },
      shapingFlag("state-dir"),
    ],
    load: async () => (await import("./diff_command.ts")).diffCommand,
  },
  {
    name: "schedule",
    operands: "FILE",
    operandCount: { min: 1, max: 1 },
    summary: "Print a crontab line, a systemd timer or a Kubernetes CronJob for a config",
    details:
      "Times are those of crontab(5): minute hour day month weekday, or @hourly, @daily, @weekly, @monthly, @yearly; in the time zone of the machine, for Kubernetes in that of the cluster. See also: fanout help cron.",
    examples: [
      'fanout schedule nightly.yaml --at "0 2 * * *"',
      'fanout schedule nightly.yaml --at "*/15 8-18 * * mon-fri" --as systemd -o /etc/systemd/system',
      "fanout schedule nightly.yaml --at @daily --as kubernetes --image fanout:1 | kubectl apply -f -",
    ],
    flags: [
      { name: "at", value: "TIME", description: "When: five fields as in a crontab." },
      {
        name: "as",
        value: "SYSTEM",
        choices: ["cron", "systemd", "kubernetes"],
        description: "For which system (default cron).",
      },
      { name: "image", value: "IMAGE", description: "The container's image, for Kubernetes." },
      { name: "output", short: "o", value: "DIR", description: "Write systemd's two files here." },
      ...["set", "params"].map(shapingFlag),
    ],
    load: async () => (await import("./schedule_command.ts")).scheduleCommand,
  },
  {
    name: "completions",
    operands: "bash|zsh|fish",
    operandCount: { min: 1, max: 1 },
    operandChoices: ["bash", "zsh", "fish"],
    summary: "Print the shell's completions of commands and flags",
    examples: [
      "source <(fanout completions bash)                                    # in ~/.bashrc",
      "fanout completions zsh > ~/.zsh/_fanout                              # a directory of $fpath",
      "fanout completions fish > ~/.config/fish/completions/fanout.fish",
    ],
    flags: [],
    load: async () => (await import("./completions_command.ts")).completionsCommand,
  },
];
