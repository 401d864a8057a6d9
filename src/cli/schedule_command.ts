import type { Config } from "../config/config_schema.ts";
import { loadConfig } from "../config/load_config.ts";
import { printable } from "../model/written.ts";
import { writeDestination } from "../report/destination.ts";
import { programCommand } from "../runtime/helper.ts";
import type { Ports } from "../runtime/ports.ts";
import { directoryOf, resolvePath } from "../runtime/resolve_path.ts";
import { type CommandBody, type ParsedArguments, UsageError } from "./command.ts";
import { maxConfigBytes, printProblems } from "./load_plan.ts";
import { readFile } from "./read_file.ts";
import { parseCronTime } from "./schedule/cron_time.ts";
import { crontabLine } from "./schedule/crontab.ts";
import type { ScheduledJob } from "./schedule/scheduled_job.ts";
import { systemdUnits, type UnitFile } from "./schedule/systemd.ts";

/** `fanout schedule FILE --at TIME --as SYSTEM`. */
export const scheduleCommand: CommandBody = async (args, ports) => {
  const { host } = ports;
  const as = args.value("as") ?? "cron";
  const output = args.value("output");
  if (output !== undefined && as !== "systemd") {
    throw new UsageError("-o is for --as systemd, which has two files");
  }
  if (args.has("image") && as !== "kubernetes") throw new UsageError("--image is for --as kubernetes");
  if (args.has("params") && as === "kubernetes") {
    throw new UsageError("--params names a file of this machine: for kubernetes give values with --set");
  }
  const job = await readJob(args, ports);
  if (job === null) return 2;
  if (as === "cron") {
    const line = crontabLine(job);
    if (typeof line !== "string") throw new UsageError(`cannot make a crontab line: ${line.wrong}`);
    host.stdout.write(line);
  } else if (as === "kubernetes") {
    const { kubernetesCronJob } = await import("./schedule/kubernetes.ts");
    host.stdout.write(kubernetesCronJob(job, args.value("image") ?? null));
  } else if (output === undefined) {
    for (const { name, text } of systemdUnits(job)) {
      host.stdout.write(`# /etc/systemd/system/${name}\n${text}\n`);
    }
  } else await writeUnits(systemdUnits(job), resolvePath(host.cwd(), output), ports);
  return 0;
};

/** Null when the config is wrong, which was said. */
async function readJob(args: ParsedArguments, ports: Ports): Promise<ScheduledJob | null> {
  const { host } = ports;
  const time = args.value("at");
  if (time === undefined) throw new UsageError('--at says when: --at "0 2 * * *"');
  const at = parseCronTime(time);
  if ("wrong" in at) throw new UsageError(`--at: ${at.wrong}`);
  const file = resolvePath(host.cwd(), args.operands[0]!);
  if (holdsControls(file)) throw new UsageError("the path of the config holds control characters");
  const command = [...programCommand(), "run", file, ...paramWords(args, host.cwd())];
  const unwritable = args.value("as") === "kubernetes" ? undefined : command.find(holdsControls);
  if (unwritable !== undefined) {
    throw new UsageError(
      `"${
        printable(unwritable)
      }" holds control characters, and neither a crontab nor a unit has a way to write ` +
        "them: give such a value in a file, with --params",
    );
  }
  const { config, problems, source } = loadConfig(
    await readFile(ports.sources, file, maxConfigBytes),
    args.operands[0]!,
  );
  printProblems(problems, source.text, ports);
  if (config === undefined) return null;
  if (config.run?.lock === undefined) {
    host.stderr.write(
      "fanout: without run.lock two starts may overlap; add  run: { lock: { ifHeld: skip } }\n",
    );
  }
  return {
    name: config.name ?? file.replace(/^.*\//, "").replace(/\.ya?ml$/, ""),
    file,
    directory: directoryOf(file),
    command,
    at,
    timeoutMs: milliseconds(config.run?.timeout) ?? null,
    graceMs: milliseconds(config.run?.grace) ?? 5_000,
    ...variablesOf(config),
  };
}

function holdsControls(word: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x1f]/.test(word);
}

function paramWords(args: ParsedArguments, cwd: string): string[] {
  return [
    ...args.values("params").flatMap((file) => ["--params", resolvePath(cwd, file)]),
    ...args.values("set").flatMap((pair) => ["--set", pair]),
  ];
}

/** A `${{ }}` is known only when the plan is made. */
function milliseconds(setting: unknown): number | undefined {
  return typeof setting === "number" ? setting : undefined;
}

function variablesOf({ secrets = {}, params = {} }: Config): {
  readonly secretVariables: readonly string[];
  readonly paramVariables: readonly string[];
} {
  const secretVariables = new Set(
    Object.values(secrets).flatMap((secret) => ("env" in secret ? [secret.env] : [])),
  );
  const paramVariables = new Set(
    Object.values(params).flatMap(({ env }) => (env === undefined ? [] : [env])),
  );
  return {
    secretVariables: [...secretVariables],
    paramVariables: [...paramVariables.difference(secretVariables)],
  };
}

async function writeUnits(units: readonly UnitFile[], directory: string, ports: Ports): Promise<void> {
  for (const { name, text } of units) {
    const bytes = new TextEncoder().encode(text);
    await writeDestination(`${directory}/${name}`, "shared", ports, (write) => write(bytes, bytes.length));
  }
  const timer = units.at(-1)!.name;
  ports.host.stderr.write(
    `wrote ${
      units.map(({ name }) => name).join(" and ")
    }; next: systemctl daemon-reload && systemctl enable --now ${timer}\n`,
  );
}
