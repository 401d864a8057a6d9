import { stringifyJson } from "../model/json.ts";
import { diffReports } from "../report/diff_reports.ts";
import { diffMarkdown, diffText } from "../report/render_diff.ts";
import { type OpenReport, openReport } from "../run/open_report.ts";
import type { CommandBody } from "./command.ts";
import { findSource } from "./find_source.ts";

/** `fanout diff OLD NEW`: exit 1 when something fails now that did not before. */
export const diffCommand: CommandBody = async (args, ports) => {
  const { host, disk } = ports;
  const opened: (OpenReport & { ok: true })[] = [];
  try {
    for (const operand of args.operands) {
      const { path, note } = findSource(operand, args, ports);
      if (note !== null) host.stderr.write(`fanout: ${note}\n`);
      const report = await openReport(path, disk);
      if (!report.ok) {
        host.stderr.write(`fanout: ${report.message}\n`);
        return report.exitCode;
      }
      opened.push(report);
      for (const note of report.notes) host.stderr.write(`fanout: ${note}\n`);
    }
    const [before, after] = opened;
    const diff = diffReports(before!.source, after!.source);
    if (diff.old.name !== diff.new.name) {
      host.stderr.write(`fanout: these are runs of two configs, ${diff.old.name} and ${diff.new.name}\n`);
    }
    const format = args.value("format") ?? "text";
    host.stdout.write(
      format === "json"
        ? `${stringifyJson(diff, 2)}\n`
        : format === "markdown"
        ? diffMarkdown(diff)
        : diffText(diff),
    );
    return diff.counts.newlyFailing > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    host.stderr.write(`fanout: one of the reports is none of fanout: ${error.message}\n`);
    return 2;
  } finally {
    for (const report of opened) report.close();
  }
};
