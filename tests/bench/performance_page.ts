import { writtenCount } from "../../src/model/written.ts";
import type { Comparison, Standing } from "./compare.ts";
import type { Growth, GrowthPoint } from "./growth.ts";

/** `docs/performance.md`, whole. */
export function performancePage(
  machine: readonly string[],
  rounds: number,
  sections: readonly string[],
): string {
  return `# Performance

Written by \`deno task bench\` on ${
    new Date().toISOString().slice(0, 10)
  }; run it to have your own. Everything of one table was run in one
sitting, in turn, ${rounds} rounds; the figures are medians. "fanout takes" is the median over the rounds of fanout's time
divided by the other's: below 1 fanout is the faster one.

${machine.map((line) => `- ${line}`).join("\n")}

In every row fanout reads its config, journals every task run and writes the whole JSON report.

${sections.join("\n")}`;
}

/** One comparison as a table. */
export function comparisonText({ title, details }: Comparison, standings: readonly Standing[]): string {
  const rows = standings.map(({ contender: { name }, median, fanoutTakes }) =>
    typeof median === "string" ? [name, median, "", "", ""] : [
      name,
      shownMs(median.wallMs),
      shownMs(median.cpuMs),
      shownBytes(median.peakBytes),
      shownRatio(fanoutTakes),
    ]
  );
  return `## ${title}\n\n${details}\n\n${
    table(["", "time", "CPU time", "peak memory", "fanout takes"], rows)
  }`;
}

const growthDetails =
  "Each number of runs once. What is alive at the end, and how much of it each further task run holds, is " +
  "what a full collection leaves shortly before the end, in a second run from the sources.";

/** One series as a table. */
export function growthText({ title }: Growth, points: readonly GrowthPoint[]): string {
  const rows = points.map(({ count, wallMs, cpuMs, peakBytes, liveBytes }, i) => {
    const before = points[i - 1];
    const held = before?.liveBytes && liveBytes
      ? `${((liveBytes - before.liveBytes) / (count - before.count)).toFixed(1)} B`
      : "";
    return [
      writtenCount(count),
      shownMs(wallMs),
      `${((wallMs * 1000) / count).toFixed(1)} µs`,
      shownMs(cpuMs),
      shownBytes(peakBytes),
      shownBytes(liveBytes),
      held,
    ];
  });
  const heads = [
    "task runs",
    "time",
    "each",
    "CPU time",
    "peak memory",
    "alive at the end",
    "held for one more",
  ];
  return `## ${title}\n\n${growthDetails}\n\n${table(heads, rows)}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, 3, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
      ).join(" | ")
    } |`;
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(heads), line(rule), ...rows.map(line)].join("\n") + "\n";
}

function shownMs(ms: number | null): string {
  if (ms === null) return "";
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

function shownBytes(bytes: number | null): string {
  return bytes === null ? "" : `${Math.round(bytes / 2 ** 20)} MiB`;
}

function shownRatio(ratio: number | null): string {
  return ratio === null ? "" : `${ratio.toFixed(2)} ×`;
}
