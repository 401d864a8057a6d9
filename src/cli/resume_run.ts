import { hint } from "../model/near.ts";
import type { Plan } from "../model/plan.ts";
import { printable } from "../model/written.ts";
import { openResume } from "../run/open_resume.ts";
import type { EarlierWork } from "../run/run_plan.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { runVariable } from "../tasks/exec_command.ts";
import { type ParsedArguments, UsageError } from "./command.ts";

/** What the command line says of resuming. */
export interface ResumeFlags {
  /** Null for the latest run. */
  readonly runId: string | null;
  readonly rerun: ReadonlySet<string>;
}

/** `--resume[=RUN]` and `--rerun TASK`, which asks for a resume too; null without either. @throws UsageError */
export function resumeFlags(args: ParsedArguments, plan: Plan): ResumeFlags | null {
  if (!args.has("resume") && !args.has("rerun")) return null;
  const names = plan.tasks.map(({ name }) => name);
  const rerun = args.values("rerun").flatMap((text) => text.split(","));
  for (const name of rerun) {
    if (names.includes(name)) continue;
    throw new UsageError(`--rerun: there is no task "${name}"${hint(name, names, "tasks")}`);
  }
  return { runId: args.value("resume") ?? null, rerun: new Set(rerun) };
}

/**
 * Opens the run to go on with, and tells what a user should know of it: edits, and what of it is still running.
 * `directory` is where this config's runs are.
 *
 * @returns the exit code when it cannot be resumed: that was told too
 */
export async function openEarlierWork(
  flags: ResumeFlags,
  directory: string,
  { plan, ports, tell }: { plan: Plan; ports: Ports; tell: (message: string) => void },
): Promise<EarlierWork | number> {
  const opening = await openResume({
    plan,
    runId: flags.runId,
    directory,
    configPath: resolvePath(ports.host.cwd(), plan.config.path),
    disk: ports.disk,
    notice: tell,
  });
  if (!opening.ok) {
    tell(opening.message);
    return opening.exitCode;
  }
  const { runs, notes } = opening;
  for (const note of notes) tell(note);
  for (const runId of runs.runIds) {
    for (const { pid, command } of ports.processes.withVariable(runVariable, runId)) {
      tell(`process ${pid} of run ${runId} is still running: ${printable(command)}`);
    }
  }
  return { runs, rerun: flags.rerun };
}
