import { terminalLines } from "../model/written.ts";
import type { ReportFormat } from "../model/report_format.ts";
import { ReportError } from "../report/destination.ts";
import { probeDestinations } from "../report/probe_destinations.ts";
import { renderReport, writePieces, writeRendered } from "../report/render_report.ts";
import { openReport } from "../run/open_report.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { CommandBody } from "./command.ts";
import { findSource } from "./find_source.ts";

/** `fanout report [SOURCE]`. */
export const reportCommand: CommandBody = async (args, ports) => {
  const { host, disk } = ports;
  const { path, note } = findSource(args.operands[0], args, ports);
  if (note !== null) host.stderr.write(`fanout: ${note}\n`);
  const format = (args.value("format") ?? "text") as ReportFormat;
  const output = args.value("output");
  const opened = await openReport(path, disk);
  if (!opened.ok) {
    host.stderr.write(`fanout: ${opened.message}\n`);
    return opened.exitCode;
  }
  for (const note of opened.notes) host.stderr.write(`fanout: ${note}\n`);
  try {
    if (output === undefined || output === "-") {
      const { isTerminal } = host.stdout;
      const width = isTerminal ? host.stdout.columns() : null;
      const color = isTerminal && !host.environment.NO_COLOR;
      const pieces = await renderReport(opened.source, format, { color, width });
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      await writePieces(pieces, async (bytes, length) => {
        if (host.stdout.closed) return;
        const piece = bytes.subarray(0, length);
        // The text has escapes of its own, and none of the data.
        if (!isTerminal || format === "text") host.stdout.write(piece);
        else host.stdout.write(terminalLines(decoder.decode(piece, { stream: true })));
      });
      return 0;
    }
    const written = { what: "the report", path: resolvePath(host.cwd(), output) };
    const read = [
      { what: "what it is made from", path },
      { what: "the config", path: opened.source.head.run.config.path },
    ];
    const [problem] = probeDestinations([written], read, ports);
    if (problem !== undefined) return fail(problem.code === "taken" ? 2 : 3, problem.message);
    await writeRendered(opened.source, format, written.path, ports);
    return 0;
  } catch (error) {
    if (error instanceof SyntaxError) return fail(2, `${path} is no report of fanout: ${error.message}`);
    if (error instanceof ReportError) return fail(3, error.message);
    throw error;
  } finally {
    opened.close();
  }

  function fail(code: number, message: string): number {
    host.stderr.write(`fanout: ${message}\n`);
    return code;
  }
};
