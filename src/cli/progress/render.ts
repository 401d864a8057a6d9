import type { RunView, TargetView } from "../../model/run_view.ts";
import { printable, writtenCount, writtenDuration } from "../../model/written.ts";

export interface RenderOptions {
  readonly columns: number;
  /** At most this many lines. */
  readonly rows: number;
  readonly color: boolean;
  /** Ended task runs per second of each target, by position. */
  readonly perSecond: readonly number[];
}

/** The live view: a line per target and one for the whole, each at most `columns` wide. Pure. */
export function renderProgress(view: RunView, options: RenderOptions): string[] {
  const room = Math.max(1, options.rows - 2);
  const shown = chooseTargets(view.targets, room);
  const nameWidth = Math.min(
    Math.max(8, Math.floor(options.columns / 4)),
    Math.max(5, ...shown.map((position) => view.targets[position]!.name.length)),
  );
  // What is stopping has no time left that could be told.
  const tellsTime = view.stopping === null;
  const lines = shown.map((position) =>
    targetLine(view.targets[position]!, options.perSecond[position] ?? 0, nameWidth, tellsTime, options)
  );
  const hidden = view.targets.length - shown.length;
  if (hidden > 0) lines.push(clip(`… and ${hidden} more target${hidden === 1 ? "" : "s"}`, options.columns));
  lines.push(totalLine(view, options));
  return lines;
}

/** All when they fit; otherwise the busiest, in their own order. */
function chooseTargets(targets: readonly TargetView[], room: number): number[] {
  const positions = targets.map((_, position) => position);
  if (positions.length <= room) return positions;
  const weight = (position: number) => {
    const target = targets[position]!;
    return target.running * 2 + (target.failed > 0 ? 1 : 0);
  };
  return positions.sort((a, b) => weight(b) - weight(a) || a - b).slice(0, room - 1).sort((
    a,
    b,
  ) => a - b);
}

function targetLine(
  target: TargetView,
  perSecond: number,
  nameWidth: number,
  tellsTime: boolean,
  options: RenderOptions,
): string {
  const { columns, color } = options;
  const name = clip(printable(target.name), nameWidth).padEnd(nameWidth);
  const count = `${writtenCount(target.ended)}/${target.total === null ? "?" : writtenCount(target.total)}`;
  const failed = target.failed > 0 ? paint(`${writtenCount(target.failed)} failed`, "31", color) : "";
  const state = target.pausedMs > 0
    ? paint(`paused ${writtenDuration(target.pausedMs)}`, "33", color)
    : tellsTime
    ? timeLeft(target, perSecond)
    : "";
  // The most important parts first: at 40 columns the rest is left out.
  const parts = [
    count,
    failed,
    `${target.running}/${target.limit} running`,
    perSecond > 0 ? `${formatRate(perSecond)}/s` : "",
    target.waiting > 0 ? `${writtenCount(target.waiting)} to retry` : "",
    state,
  ].filter((part) => part !== "");
  let line = name;
  let used = nameWidth;
  const bar = columns >= 70 && target.total !== null ? progressBar(target.ended, target.total) : "";
  if (bar !== "") {
    line += ` ${paint(bar, "36", color)}`;
    used += 1 + bar.length;
  }
  for (const part of parts) {
    const width = visibleWidth(part) + 2;
    if (used + width > columns) break;
    line += `  ${part}`;
    used += width;
  }
  return line;
}

function totalLine(view: RunView, options: RenderOptions): string {
  const sum = (of: (target: TargetView) => number) =>
    view.targets.reduce((total, target) => total + of(target), 0);
  const known = view.targets.every((target) => target.total !== null);
  const total = known ? writtenCount(sum((target) => target.total ?? 0)) : "?";
  const failed = sum((target) => target.failed);
  const parts = [
    writtenDuration(view.elapsedMs),
    ...(view.stopping === null ? [] : [view.stopping]),
    `${writtenCount(sum((target) => target.ended))}/${total} done`,
    ...(failed > 0 ? [`${writtenCount(failed)} failed`] : []),
    `${sum((target) => target.running)} running`,
  ];
  return clip(parts.join("  "), options.columns);
}

function timeLeft(target: TargetView, perSecond: number): string {
  if (target.total === null || perSecond <= 0 || target.ended >= target.total) return "";
  const seconds = Math.ceil((target.total - target.ended) / perSecond);
  return `${writtenDuration(seconds * 1_000)} left`;
}

const barWidth = 16;

function progressBar(ended: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.floor((ended / total) * barWidth);
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

function formatRate(perSecond: number): string {
  return perSecond >= 100 ? writtenCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

function paint(text: string, code: string, color: boolean): string {
  return color ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Columns that a line of the view takes. */
export function visibleWidth(text: string): number {
  // deno-lint-ignore no-control-regex -- these are the colours painted above
  return text.replace(/\x1b\[\d+m/g, "").length;
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
