import { runFiles } from "../journal/run_files.ts";
import type { Plan } from "../model/plan.ts";
import type { ReportFormat } from "../model/report_format.ts";
import type { Report } from "../report/build_report.ts";
import { ReportError } from "../report/destination.ts";
import { type DestinationProblem, type NamedFile, probeDestinations } from "../report/probe_destinations.ts";
import { writeRendered } from "../report/render_report.ts";
import { renderSourceOf } from "../report/render_source.ts";
import { writeReport } from "../report/write_report.ts";
import { filesRead } from "../run/files_read.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";

/** Where a run's reports go: those that the plan names, and the JSON report in any case. Absolute paths. */
export interface RunOutputs {
  readonly json: string;
  readonly others: readonly { readonly format: ReportFormat; readonly path: string }[];
  /** Where results go as they finish; null for nowhere. */
  readonly stream: string | null;
}

/** The places that the plan names; the JSON report goes beside the journal when it names none. */
export function runOutputs({ report, runId }: Plan, directory: string, stream: string | null): RunOutputs {
  const others = (["html", "junit", "prometheus"] as const).flatMap((format) => {
    const path = report[format];
    return path === null ? [] : [{ format, path }];
  });
  return { json: report.json ?? runFiles(directory, runId).report, others, stream };
}

/** What is written besides the JSON report: what tasks collect, then the other formats. */
export function otherPaths(plan: Plan, { others }: RunOutputs): readonly string[] {
  return [...collections(plan), ...others].map(({ path }) => path);
}

/** Tries every place before anything runs. */
export function probeOutputs(
  plan: Plan,
  outputs: RunOutputs,
  paramsFiles: readonly string[],
  ports: Ports,
): DestinationProblem[] {
  const others = outputs.others.map(({ format, path }) => ({ what: `the ${format} report`, path }));
  const stream = outputs.stream === null ? [] : [{ what: "the stream", path: outputs.stream }];
  return probeDestinations(
    [{ what: "the report", path: outputs.json }, ...others, ...stream, ...collections(plan)],
    [
      ...filesRead(plan),
      ...paramsFiles.map((path) => ({ what: "the params file", path: resolvePath(ports.host.cwd(), path) })),
    ],
    ports,
  );
}

function collections({ tasks, outputDirectory }: Plan): NamedFile[] {
  return tasks.flatMap(({ name, collect }) =>
    collect === null
      ? []
      : [{ what: `what "${name}" collects`, path: resolvePath(outputDirectory, collect.path) }]
  );
}

/**
 * Writes every report; one that cannot be written does not keep the others from it.
 *
 * @returns what could not be written: the run is then not durable (exit 3)
 */
export async function writeReports(
  report: Report,
  outputs: RunOutputs,
  ports: Ports,
): Promise<ReportError[]> {
  const writes = [
    () => writeReport(report, outputs.json, ports),
    ...outputs.others.map(({ format, path }) => () =>
      writeRendered(renderSourceOf(report), format, path, ports)
    ),
  ];
  const failures: ReportError[] = [];
  for (const write of writes) {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      failures.push(error);
    }
  }
  return failures;
}
